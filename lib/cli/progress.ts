/** Shows how far long work is. */
export interface Progress {
  /** `done` of `total`; without a total the bar only counts. */
  at(done: number): void;
  /** Writes a line above the bar. */
  say(line: string): void;
  stop(): void;
}

/** A bar on standard error where that is a terminal, else nothing but the lines. `total` null: nobody knows. */
export async function startProgress(label: string, total: number | null): Promise<Progress> {
  if (!process.stderr.isTTY) {
    return {
      at: () => undefined,
      say: (line) => process.stderr.write(`${line}\n`),
      stop: () => undefined,
    };
  }
  const { default: progress } = await import('cli-progress');
  const format = total === null ? `${label} {value}` : `${label} {bar} {percentage}%`;
  const bars = new progress.MultiBar(
    { format, hideCursor: true, clearOnComplete: true, stream: process.stderr },
    progress.Presets.shades_classic,
  );
  const bar = bars.create(total ?? 0, 0);
  // The bar hides the cursor and keeps lines from wrapping: a terminal must not stay like that after Ctrl-C.
  const ended = (signal: NodeJS.Signals) => {
    stop();
    // Whoever else listens decides what becomes of us; else the signal does what it does where nobody listens.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const stop = () => {
    for (const signal of ENDING) process.off(signal, ended);
    // Lines wait until the bar is drawn again, and the library drops those that wait when it stops.
    bars.update();
    bars.stop();
  };
  for (const signal of ENDING) process.on(signal, ended);
  return {
    at: (done) => bar.update(done),
    say: (line) => bars.log(`${line}\n`),
    stop,
  };
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
