import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type Checkout, checkOut, comparison } from './stage/against.ts';
import { pathOf } from './stage/children.ts';
import { machine } from './stage/machine.ts';
import {
  isReached,
  type Report,
  readRounds,
  reportText,
  say,
  tableText,
} from './stage/question.ts';

/** In the order of the README. Each is a program of its own, so that none measures what another has left behind. */
const QUESTIONS = [
  'window',
  'binary',
  'throughput',
  'store',
  'callbacks',
  'notices',
  'memory',
  'loop',
  'report',
  'audit',
];

const USAGE = `Usage: npm run bench -- [question …] [--rounds N] [--quick] [--json] [--write | --against COMMIT]

Questions: ${QUESTIONS.join(', ')} (all of them when none is named).
  --rounds N        measure everything so often
  --quick           small sizes, to see whether it runs; the numbers mean nothing
  --json            print every round as JSON
  --write           put the tables of these questions into bench/README.md
  --against COMMIT  ask the program of that commit as well, in turn with this one, and compare
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    against: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
/** The numbers in the README stand between these, and nobody edits them by hand. */
const MARKS = ['<!-- numbers: begin -->', '<!-- numbers: end -->'] as const;

/** How often both are asked with --against, when it is not said. An odd number, so that the median is one of them. */
const TIMES = 3;

process.exitCode = await main();

async function main(): Promise<number> {
  const unknown = positionals.filter((name) => !QUESTIONS.includes(name));
  if (values.help || unknown.length > 0) {
    for (const name of unknown) say(`There is no question ${name}.`);
    process.stderr.write(USAGE);
    return values.help ? 0 : 2;
  }
  if (values.write && values.quick) {
    say(
      '--write puts numbers into the README, and those of --quick mean nothing: leave one of them out.',
    );
    return 2;
  }
  if (values.write && values.against !== undefined) {
    say('--write puts the numbers of one program into the README: leave it or --against out.');
    return 2;
  }
  const rounds = readRounds(values.rounds);
  const wanted = QUESTIONS.filter((name) => positionals.length === 0 || positionals.includes(name));
  const measuredOn = machine();
  if (values.against !== undefined) {
    const checkout = checkOut(values.against);
    if (checkout === null) {
      say(`--against ${values.against}: there is no such commit. \`git log\` lists them.`);
      return 2;
    }
    await compare(wanted, checkout, rounds ?? TIMES);
    checkout.remove();
    say(`Measured on ${measuredOn}`);
    return 0;
  }
  const reports: Report[] = [];
  for (const name of wanted) reports.push(await ask(pathOf('.'), name, rounds));
  const sections = reports.map((report) => sectionOf(report, measuredOn));
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ machine: measuredOn, reports })}\n`
      : `${sections.join('\n\n')}\n`,
  );
  if (values.write) writeSections(sections);
  const targets = reports.flatMap((report) => report.targets);
  const missed = targets.filter((target) => !isReached(target)).length;
  say(`${targets.length - missed} of ${targets.length} targets reached.`);
  return missed === 0 ? 0 : 1;
}

/** Asks both in turn, one round each time, and prints a table for each question. */
async function compare(
  wanted: readonly string[],
  { path, commit }: Checkout,
  times: number,
): Promise<void> {
  for (const name of wanted) {
    const there: unknown[] = [];
    const here: unknown[] = [];
    for (let time = 0; time < times; time += 1) {
      const turns = [
        async () => there.push((await ask(path, name, 1)).raw),
        async () => here.push((await ask(pathOf('.'), name, 1)).raw),
      ];
      for (const turn of time % 2 === 0 ? turns : turns.toReversed()) await turn();
    }
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ question: name, commit, there, here })}\n`
        : `### ${name}: ${commit} and here\n\n${tableText(comparison(commit, there, here))}\n\n`,
    );
  }
}

/** Asks one question of the program in a folder; `null` rounds: as many as the question thinks right. */
async function ask(folder: string, name: string, rounds: number | null): Promise<Report> {
  const args = [
    join(folder, 'bench', `${name}.ts`),
    '--json',
    ...(rounds === null ? [] : ['--rounds', String(rounds)]),
    ...(values.quick ? ['--quick'] : []),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // It ends what it has started when it is told to end; killed, it could not.
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const printed = await text(child.stdout);
  const code = await ended;
  process.off('exit', end);
  if (code !== 0) throw new Error(`bench/${name}.ts ended with ${code}`);
  return JSON.parse(printed);
}

/** Each question says when and where it was measured: not all of them are every time. */
function sectionOf(report: Report, measuredOn: string): string {
  const day = new Date().toISOString().slice(0, 10);
  return `${reportText(report)}\n- Measured on ${day}: ${measuredOn}`;
}

/** Puts these in the place of those of the same questions; the others stay as they are. */
function writeSections(sections: readonly string[]): void {
  const file = pathOf('bench/README.md');
  const readme = readFileSync(file, 'utf8');
  const [before, rest] = readme.split(MARKS[0]);
  const [block, after] = rest?.split(MARKS[1]) ?? [];
  if (before === undefined || block === undefined || after === undefined) {
    throw new Error(`${file} has lost its marks`);
  }
  const known = block.split(/^(?=### )/m).filter((text) => text.startsWith('### '));
  const byName = new Map([...known, ...sections].map((text) => [nameOf(text), text.trim()]));
  const all = QUESTIONS.flatMap((name) => byName.get(name) ?? []).join('\n\n');
  writeFileSync(file, `${before}${MARKS[0]}\n\n${all}\n\n${MARKS[1]}${after}`);
  say(`Written into ${file}.`);
}

function nameOf(section: string): string {
  return /^### (\w+):/.exec(section)?.[1] ?? '';
}
