/** The middle one; of an even number the mean of the two in the middle. NaN of nothing. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

/** The number that this share (0–1) of all numbers does not exceed. NaN of nothing. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** For people: as many digits as say something. */
export function show(value: number, digits = 2): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** A ratio for people: "1.03 ×". */
export function showRatio(value: number): string {
  return `${show(value)} ×`;
}

/** Median with the smallest and the largest of the rounds: "3,120 (3,090–3,301)". */
export function showSpread(values: readonly number[], digits = 0): string {
  if (values.length === 0) return '–';
  const low = show(Math.min(...values), digits);
  const high = show(Math.max(...values), digits);
  return `${show(median(values), digits)} (${low}–${high})`;
}
