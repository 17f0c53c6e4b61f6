import { ExpressionError } from '../expression.errors.js';

/** What JSONata throws, as a fault of the expression. */
export function evaluationError(error: unknown): ExpressionError {
  if (error instanceof ExpressionError) return error;
  const code = codeOf(error);
  const limited = LIMIT_CODES.has(code) || error instanceof RangeError;
  return limited
    ? new ExpressionError('EXPRESSION_LIMIT', `runs too deep or makes too much (${code})`)
    : new ExpressionError(
        'EXPRESSION_FAILED',
        `failed: ${REASONS[code] ?? 'the expression does not fit this record'} (${code})`,
      );
}

/** JSONata's own messages quote values of the record, so its codes are translated here instead. */
const REASONS: Readonly<Record<string, string>> = {
  D3030: 'a value cannot be read as a number',
  D3137: 'the mapping raised an error',
  D3141: 'an assertion of the mapping failed',
  T0410: 'an argument of a function has the wrong type',
  T0412: 'an argument of a function has to be an array of one type',
  T1003: 'a key of an object has to be a string',
  T1006: 'something that is not a function is called',
  T2001: 'the left side of an operator has to be a number',
  T2002: 'the right side of an operator has to be a number',
  T2009: 'two values of different types are compared',
  T2010: 'only numbers and strings can be compared',
};

const LIMIT_CODES = new Set(['D1011', 'D2014', 'D2015']);

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : 'unknown';
}
