/** The command line in the one binary. Node is inside, so there is no version of it to check, and nothing to compile. */
import { run } from '../../lib/cli/index.ts';

void run(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
