import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Copy, DockerfileParser, type Instruction, JSONInstruction } from 'dockerfile-ast';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** An instruction as it is written, with variables unresolved. */
export interface Step {
  readonly keyword: string;
  readonly text: string;
  readonly flags: Readonly<Record<string, string>>;
  /** Of the forms with brackets. */
  readonly words: readonly string[];
}

/** The Dockerfile, a list of steps for each stage. */
export function stagesOf(text: string): readonly (readonly Step[])[] {
  const stages: Step[][] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const step = stepOf(instruction);
    if (step.keyword === 'FROM') stages.push([]);
    stages.at(-1)?.push(step);
  }
  return stages;
}

function stepOf(instruction: Instruction): Step {
  const isJson = instruction instanceof JSONInstruction;
  const flags = isJson ? instruction.getFlags() : [];
  const command = /(\[.*\])\s*$/s.exec(instruction.getRawArgumentsContent() ?? '')?.[1];
  return {
    keyword: instruction.getKeyword(),
    text: instruction.getArgumentsContent() ?? '',
    flags: Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
    words: command !== undefined && !(instruction instanceof Copy) ? JSON.parse(command) : [],
  };
}

/** What an image of these steps is: its files below `root`, and how it runs. */
interface Image {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly volume: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly health: readonly string[];
  readonly stopSignal: string;
}

/**
 * Does the steps of a last stage that begins from nothing. `built` is where the other stage left what is copied from it, and
 * stands for the folder `/image` there.
 */
export function makeImage(steps: readonly Step[], built: string, root: string): Image {
  mkdirSync(root);
  for (const { flags, text } of stepsOf(steps, 'COPY')) {
    const [source = '', target = ''] = text.split(' ');
    const from = join(built, relative('/image', source));
    const to = join(root, target);
    cpSync(from, to, { recursive: true });
    own(from, to, flags.chown ?? '0:0');
  }
  chmodSync(root, 0o755);
  const words = (keyword: string) => stepsOf(steps, keyword)[0]?.words ?? [];
  const text = (keyword: string) => stepsOf(steps, keyword)[0]?.text ?? '';
  return {
    root,
    env: Object.fromEntries(
      [...text('ENV').matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
    ),
    user: text('USER'),
    volume: words('VOLUME')[0] ?? '',
    entrypoint: words('ENTRYPOINT'),
    command: words('CMD'),
    health: words('HEALTHCHECK'),
    stopSignal: text('STOPSIGNAL'),
  };
}

/** The steps with this keyword. */
export function stepsOf(steps: readonly Step[], keyword: string): readonly Step[] {
  return steps.filter((step) => step.keyword === keyword);
}

/** Everything that was copied belongs to this user, as numbers. */
function own(from: string, to: string, user: string): void {
  const [uid = 0, gid = 0] = user.split(':').map(Number);
  for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    chownSync(join(to, name), uid, gid);
  }
}

/**
 * A container of the image without Docker: its root is mounted read-only, `volume` (made as Docker makes a new one) is the
 * only place to write, and it runs as the user of the image, in its environment and no other.
 */
export function containerOf(image: Image, volume: string) {
  const inside = join(image.root, image.volume);
  mkdirSync(volume);
  const { uid, gid, mode } = lstatSync(inside);
  chownSync(volume, uid, gid);
  chmodSync(volume, mode & 0o7777);
  const script = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount --bind "$2" "$1$3" &&
    exec env -i "\${@:4}"`;
  const environment = (more: Readonly<Record<string, string>>) =>
    Object.entries({ ...image.env, ...more }).map(([name, value]) => `${name}=${value}`);
  const command = (words: readonly string[], env: Readonly<Record<string, string>>) => [
    '--mount',
    'bash',
    '-c',
    script,
    'container',
    image.root,
    volume,
    image.volume,
    ...environment(env),
    CHROOT,
    `--userspec=${image.user}`,
    '--groups=',
    image.root,
    ...words,
  ];
  return {
    /** What it runs by itself. The process is the container's own: signals reach it. */
    start: (env: Readonly<Record<string, string>>) =>
      spawn('unshare', command([...image.entrypoint, ...image.command], env), {
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    /** A command inside, as `docker exec` runs it. */
    exec: (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      spawnSync('unshare', command(words, env), { encoding: 'utf8' }),
  };
}

const CHROOT = '/usr/sbin/chroot';

/** Why this machine cannot run such a container; false where it can. */
export function cannotContain(): string | false {
  if (process.platform !== 'linux') return 'the image is one for Linux';
  if (process.getuid?.() !== 0) return 'only root may make a root of its own here';
  try {
    execFileSync('unshare', ['--mount', CHROOT, '/', 'true'], { stdio: 'pipe' });
    execFileSync('ldd', ['--version'], { stdio: 'pipe' });
    return false;
  } catch {
    return 'this machine permits neither unshare --mount nor chroot, or has no ldd';
  }
}

/** The text of a file of the repository. */
export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
