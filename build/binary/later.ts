/**
 * Parts of Node that take milliseconds to load, and that a start does not need before the first question has left, or at all. Scripts
 * import them without the copy of everything in it that esbuild makes of an imported part, because that would load it.
 */
const LATER: ReadonlySet<string> = new Set(['node:child_process', 'node:crypto', 'node:https']);

/** True: it is to be loaded when something of it is used. Old packages name parts of Node without `node:`. */
export function comesLater(name: string): boolean {
  return LATER.has(name.startsWith('node:') ? name : `node:${name}`);
}
