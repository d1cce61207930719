/** What the process ends with. 70 and 78 are the words of sysexits.h for a bug and for the configuration. */
export const EXIT = { ok: 0, trouble: 1, usage: 2, bug: 70, configuration: 78 } as const;
