export type ExpressionErrorCode = 'INVALID_EXPRESSION' | 'EXPRESSION_FAILED' | 'EXPRESSION_LIMIT';

/** A JSONata expression that could not be compiled, or not be evaluated for a record, in words that quote no record. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  constructor(
    readonly code: ExpressionErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Record after record has to be stopped: the others would only take their time as well. */
export class HopelessExpressionsError extends Error {
  override readonly name = 'HopelessExpressionsError';
  readonly code = 'EXPRESSIONS_HOPELESS';
  constructor(
    readonly field: string,
    reason: string,
    stopped: number,
  ) {
    super(
      `The mapping was given up after an expression had to be stopped on ${stopped} records: ${field} ${reason}`,
    );
  }
}

/** The processes that evaluate cannot be started, or somebody ends them: no fault of the expression, so try again. */
export class ExpressionsUnavailableError extends Error {
  override readonly name = 'ExpressionsUnavailableError';
  readonly code = 'EXPRESSIONS_UNAVAILABLE';
  constructor(reason: string, options?: ErrorOptions) {
    super(`Expressions cannot be evaluated now: ${reason}`, options);
  }
}
