/**
 * How far an expression may go. Whoever may write a mapping may write any of these, by mistake or not; docs/expressions.md
 * says what each bound is for.
 */
export const EXPRESSION_BOUNDS = {
  /** Characters of one expression. */
  length: 4_000,
  /** Steps inside steps, of JSONata's own count. */
  depth: 500,
  /** Items of a list that an expression makes. */
  items: 100_000,
  /** Characters of a text that an expression makes on its way, and of all that it gives for one record, as JSON. */
  text: 1_000_000,
  /** For all expressions of one record, from the start of their evaluation. */
  recordMs: 500,
  /** For all records of a preview together. */
  previewMs: 2_000,
  /** For one expression that is compiled, and for all of one document. */
  compileOneMs: 200,
  compileMs: 5_000,
  /** Records that are stopped, one after the other or among those of one page or chunk, before the rest is given up. */
  stoppedInARow: 5,
  stopped: 20,
  /** Children of one process, and the memory that each may fill with values. */
  processes: 2,
  processMegabytes: 128,
  /** A child that nobody asks anything ends. */
  idleMs: 30_000,
} as const;
