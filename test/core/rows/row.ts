/** [what is stored, what was heard, what is decided, in one string or more] */
export type Row = readonly [stored: string, heard: string, ...decided: string[]];

/** Examples by the row of the decision table that they show; a row is named by its reason. */
export type Rows = Readonly<Record<string, readonly Row[]>>;
