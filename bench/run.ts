import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { pathOf } from './stage/children.ts';
import { machine } from './stage/machine.ts';
import { isReached, type Report, readRounds, reportText, say } from './stage/question.ts';

/** In the order of the README. Each is a program of its own, so that none measures what another has left behind. */
const QUESTIONS = [
  'window',
  'binary',
  'throughput',
  'store',
  'callbacks',
  'notices',
  'memory',
  'report',
  'audit',
];

const USAGE = `Usage: npm run bench -- [question …] [--rounds N] [--quick] [--json] [--write]

Questions: ${QUESTIONS.join(', ')} (all of them when none is named).
  --rounds N  measure everything so often
  --quick     small sizes, to see whether it runs; the numbers mean nothing
  --json      print every round as JSON
  --write     put the tables into bench/README.md
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
/** The numbers in the README stand between these, and nobody edits them by hand. */
const MARKS = ['<!-- numbers: begin -->', '<!-- numbers: end -->'] as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const unknown = positionals.filter((name) => !QUESTIONS.includes(name));
  if (values.help || unknown.length > 0) {
    for (const name of unknown) say(`There is no question ${name}.`);
    process.stderr.write(USAGE);
    return values.help ? 0 : 2;
  }
  if (values.write && (values.quick || positionals.length > 0)) {
    say('--write puts all numbers into the README: leave out --quick and the names of questions.');
    return 2;
  }
  const rounds = readRounds(values.rounds);
  const wanted = QUESTIONS.filter((name) => positionals.length === 0 || positionals.includes(name));
  const measuredOn = machine();
  const reports: Report[] = [];
  for (const name of wanted) reports.push(await ask(name, rounds));
  const block = blockOf(reports, measuredOn);
  process.stdout.write(
    values.json ? `${JSON.stringify({ machine: measuredOn, reports })}\n` : `${block}\n`,
  );
  if (values.write) writeBlock(block);
  const targets = reports.flatMap((report) => report.targets);
  const missed = targets.filter((target) => !isReached(target)).length;
  say(`${targets.length - missed} of ${targets.length} targets reached.`);
  return missed === 0 ? 0 : 1;
}

async function ask(name: string, rounds: number | null): Promise<Report> {
  const args = [
    pathOf(`bench/${name}.ts`),
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

function blockOf(reports: readonly Report[], measuredOn: string): string {
  const day = new Date().toISOString().slice(0, 10);
  return [`Measured on ${day}: ${measuredOn}`, ...reports.map(reportText)].join('\n\n');
}

function writeBlock(block: string): void {
  const file = pathOf('bench/README.md');
  const readme = readFileSync(file, 'utf8');
  const [before, rest] = readme.split(MARKS[0]);
  const after = rest?.split(MARKS[1])[1];
  if (before === undefined || after === undefined) throw new Error(`${file} has lost its marks`);
  writeFileSync(file, `${before}${MARKS[0]}\n\n${block}\n\n${MARKS[1]}${after}`);
  say(`Written into ${file}.`);
}
