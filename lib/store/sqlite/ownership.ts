import { lchownSync, lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Gives a file that root has just made to whoever owns its folder: a daemon that runs as another user could not write what a
 * command of root has left there. SQLite itself does the same with its log. Nothing else of root's is given away: no link is
 * followed, and no file that has a second name.
 */
export function giveToOwner(file: string): void {
  if (process.getuid?.() !== 0) return;
  try {
    // The folder itself may be a link: systemd makes it so.
    const { uid, gid } = statSync(dirname(file));
    const made = lstatSync(file);
    const isOurs = made.uid === 0 && (made.isDirectory() || (made.isFile() && made.nlink === 1));
    if (uid !== 0 && isOurs) lchownSync(file, uid, gid);
  } catch {
    // The root of a container may have no right to do so. Whoever cannot write then says so, with the name of the file.
  }
}
