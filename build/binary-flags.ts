/** What the program in the binary runs with. */
export const BINARY_FLAGS: readonly string[] = [
  // Node answers SIGUSR1, which makes other daemons open their logs anew, with a debugger on 127.0.0.1:9229, where every user of the
  // machine could run code as the daemon.
  '--disable-sigusr1',
  // V8 otherwise lets the space of new objects of each thread grow under load, up to 32 MB and back to half of one at rest; each time
  // it grows the thread is held: by 5 ms from 4 MB to 8, by 15–30 from 16 to 32. Of one size it never is, and clearing a space of 8 MB
  // away took 1–4 ms. Seen by hand, with `--trace-gc-nvp` (`resize_new_space`, `pause`). There are two of them in each thread, and with 8 MB
  // a daemon rested at 174 MB after a sweep or at 190, as it happened (`npm run bench -- memory`).
  '--min-semi-space-size=4',
  '--max-semi-space-size=4',
];
