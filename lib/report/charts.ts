import { scaleBand, scaleLinear } from 'd3-scale';
import { stack } from 'd3-shape';
import { escaped } from './markup.ts';

/** Bars that are made of parts, one for each series. */
export interface StackedBars {
  readonly title: string;
  readonly series: readonly Series[];
  readonly bars: readonly Bar[];
  /** `upright`: many narrow bars, such as hours; `lying`: few with names. */
  readonly direction: 'upright' | 'lying';
  readonly number: (value: number) => string;
}

/** One kind of part. */
interface Series {
  readonly key: string;
  readonly name: string;
  /** A colour of CSS. */
  readonly color: string;
}

/** One bar: its name, and its parts by the keys of the series. */
interface Bar {
  readonly name: string;
  readonly parts: Readonly<Record<string, number>>;
}

/** The chart as inline SVG, drawn without a DOM; the legend is its first line. Says what it shows to who cannot see it. */
export function stackedBars(chart: StackedBars): string {
  const drawn = chart.direction === 'upright' ? upright(chart) : lying(chart);
  const title = escaped(chart.title);
  return [
    `<svg role="img" aria-label="${title}" viewBox="0 0 ${WIDTH} ${drawn.height}" width="${WIDTH}" height="${drawn.height}">`,
    `<title>${title}</title>`,
    legend(chart.series),
    ...drawn.parts,
    '</svg>',
  ].join('\n');
}

interface Drawn {
  readonly height: number;
  readonly parts: readonly string[];
}

const WIDTH = 720;
const LEGEND_HEIGHT = 28;
const TICKS = 4;

/** Hours: names below, values at the left. */
function upright({ series, bars, number }: StackedBars): Drawn {
  const height = 240;
  const floor = height - 24;
  const x = scaleBand(
    bars.map(({ name }) => name),
    [48, WIDTH - 4],
  ).padding(0.15);
  const y = scaleLinear([0, Math.max(1, largest(bars))], [floor, LEGEND_HEIGHT + 8]).nice(TICKS);
  const grid = wholeTicks(y.ticks(TICKS)).flatMap((tick) => [
    `<line class="grid" x1="48" x2="${WIDTH - 4}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>`,
    `<text x="42" y="${at(y(tick) + 4)}" text-anchor="end">${escaped(number(tick))}</text>`,
  ]);
  const boxes = partsOf(series, bars).map(({ bar, one, from, to }) =>
    box(
      { x: x(bar.name) ?? 0, y: y(to), width: x.bandwidth(), height: y(from) - y(to) },
      one,
      `${bar.name} · ${one.name}: ${number(to - from)}`,
    ),
  );
  const names = bars.map(
    ({ name }) =>
      `<text x="${at((x(name) ?? 0) + x.bandwidth() / 2)}" y="${floor + 16}" text-anchor="middle">${escaped(name)}</text>`,
  );
  return { height, parts: [...grid, ...boxes, ...names] };
}

/** Few bars: names at the left, the value of the whole at the right. */
function lying({ series, bars, number }: StackedBars): Drawn {
  const height = LEGEND_HEIGHT + 8 + 30 * bars.length;
  const left = 8 + Math.min(MOST_NAME_WIDTH, Math.max(0, ...bars.map(({ name }) => widthOf(name))));
  const y = scaleBand(
    bars.map(({ name }) => name),
    [LEGEND_HEIGHT, height - 8],
  ).padding(0.25);
  const x = scaleLinear([0, Math.max(1, largest(bars))], [left + 8, WIDTH - 80]);
  const boxes = partsOf(series, bars).map(({ bar, one, from, to }) =>
    box(
      { x: x(from), y: y(bar.name) ?? 0, width: x(to) - x(from), height: y.bandwidth() },
      one,
      `${bar.name} · ${one.name}: ${number(to - from)}`,
    ),
  );
  const names = bars.flatMap((bar) => {
    const middle = at((y(bar.name) ?? 0) + y.bandwidth() / 2 + 4);
    const whole = wholeOf(bar);
    return [
      `<text x="${at(left)}" y="${middle}" text-anchor="end">${escaped(shortened(bar.name))}</text>`,
      `<text x="${at(x(whole) + 6)}" y="${middle}">${escaped(number(whole))}</text>`,
    ];
  });
  return { height, parts: [...boxes, ...names] };
}

interface Part {
  readonly bar: Bar;
  readonly one: Series;
  readonly from: number;
  readonly to: number;
}

function partsOf(series: readonly Series[], bars: readonly Bar[]): readonly Part[] {
  const stacked = stack<Bar, string>()
    .keys(series.map(({ key }) => key))
    .value(({ parts }, key) => parts[key] ?? 0)([...bars]);
  return stacked.flatMap((layer) => {
    const one = series.find(({ key }) => key === layer.key);
    if (one === undefined) return [];
    return layer.flatMap((point) => {
      const [from, to] = point;
      return to > from ? [{ bar: point.data, one, from, to }] : [];
    });
  });
}

function box(
  place: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  },
  { color }: Series,
  words: string,
): string {
  const { x, y, width, height } = place;
  return `<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" fill="${color}"><title>${escaped(words)}</title></rect>`;
}

/** A name that is wider is cut; the bars need the rest of the picture. */
const MOST_NAME_WIDTH = 240;

/** About as wide as it is written, at 11 px: a letter of Korean or Chinese takes as much as two of Latin. */
function widthOf(name: string): number {
  return [...name].reduce((width, letter) => width + (letter > '\u1100' ? 11.5 : 6.7), 0);
}

function shortened(name: string): string {
  if (widthOf(name) <= MOST_NAME_WIDTH) return name;
  const letters = [...name];
  while (widthOf(letters.join('')) > MOST_NAME_WIDTH - 11) letters.pop();
  return `${letters.join('')}…`;
}

/** Korean letters are about twice as wide as Latin ones, so each entry gets the same room. */
function legend(series: readonly Series[]): string {
  const room = Math.min(140, (WIDTH - 48) / Math.max(1, series.length));
  return series
    .map(({ name, color }, index) => {
      const x = at(48 + index * room);
      const words = at(48 + index * room + 16);
      return `<rect x="${x}" y="6" width="11" height="11" fill="${color}"/><text x="${words}" y="16">${escaped(name)}</text>`;
    })
    .join('');
}

function largest(bars: readonly Bar[]): number {
  return bars.reduce((most, bar) => Math.max(most, wholeOf(bar)), 0);
}

function wholeOf({ parts }: Bar): number {
  return Object.values(parts).reduce((sum, part) => sum + part, 0);
}

/** Halves of an order are no scale. */
function wholeTicks(ticks: readonly number[]): readonly number[] {
  return ticks.filter(Number.isInteger);
}

/** A tenth of a pixel is fine enough, and keeps the page small. */
function at(position: number): string {
  return String(Math.round(position * 10) / 10);
}
