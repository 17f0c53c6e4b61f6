/** What the processes that evaluate are asked, and what they answer; plain JSON, since it goes through a pipe. */
export type Task =
  | { readonly kind: 'compile'; readonly items: readonly string[] }
  | {
      readonly kind: 'evaluate';
      readonly sources: readonly string[];
      readonly items: readonly EvaluateItem[];
    };

export interface EvaluateItem {
  readonly record: unknown;
  /** Places among the sources: the expressions that are wanted for this record. */
  readonly wanted: readonly number[];
}

export interface Fault {
  readonly code: 'INVALID_EXPRESSION' | 'EXPRESSION_FAILED' | 'EXPRESSION_LIMIT';
  readonly reason: string;
}

export type CompileAnswer =
  | {
      /** The tree, where it is small enough to be evaluated directly. */
      readonly tree: unknown;
      readonly volatile: boolean;
    }
  | { readonly fault: Fault };

/** One for each wanted expression; without a value the record has nothing to say there. */
export type FieldAnswer = { readonly value?: unknown } | { readonly fault: Fault };

/** What a process sends: answers in the order of the items, in one message or several. The first, when it is ready, has none. */
export interface Answers<Answer> {
  readonly answers: readonly Answer[];
}
