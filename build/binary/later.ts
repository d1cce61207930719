/**
 * Parts of Node that take milliseconds to load, and that nothing needs before the first question has left. Scripts import
 * them without the copy of everything in it that esbuild makes of an imported part, because that would load it.
 */
export const LATER: ReadonlySet<string> = new Set(['node:child_process', 'node:crypto']);
