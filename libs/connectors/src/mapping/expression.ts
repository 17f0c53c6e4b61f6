import jsonata from 'jsonata';
import { compileDirect, ELSEWHERE } from './direct-expression.js';
import { ExpressionError } from './mapping.errors.js';
import { MAX_EXPRESSION_LENGTH } from './mapping.schema.js';

export interface CompiledExpression {
  readonly source: string;
  /** Whether the same input may give something else the next time: it asks for the time, or for chance. */
  readonly volatile: boolean;
  /** Gives `undefined` where the input has nothing to say. */
  evaluate(input: unknown): Promise<unknown>;
  /** The same at once, or `ELSEWHERE` for what takes the whole of JSONata. */
  direct(input: unknown): unknown;
}

export interface ExpressionLimits {
  readonly timeout: number;
  readonly stack: number;
  readonly sequence: number;
}

export const DEFAULT_EXPRESSION_LIMITS: ExpressionLimits = { timeout: 500, stack: 500, sequence: 100_000 };

/**
 * Compiles once, evaluates many times, each time within the limits: without them an endless recursion
 * blocks the event loop, and no timer outside can stop it.
 */
export function compileExpression(
  source: string,
  limits: ExpressionLimits = DEFAULT_EXPRESSION_LIMITS,
): CompiledExpression {
  const expression = parse(source, limits);
  expression.registerFunction('pad', boundedPad, '<s-ns?:s>');
  const compiled = compileDirect(expression.ast(), limits);
  const direct = (input: unknown) => plain(compiled ? compiled(input) : ELSEWHERE);
  return {
    source,
    volatile: usesVariable(expression.ast(), VOLATILE),
    direct,
    evaluate: async (input) => {
      const value = direct(input);
      if (value !== ELSEWHERE) return value;
      try {
        return plain(await expression.evaluate(input));
      } catch (error) {
        throw evaluationError(error);
      }
    },
  };
}

function parse(source: string, limits: ExpressionLimits): jsonata.Expression {
  if (source.length > MAX_EXPRESSION_LENGTH)
    throw new ExpressionError('INVALID_EXPRESSION', `is longer than ${MAX_EXPRESSION_LENGTH} characters`);
  let expression: jsonata.Expression;
  try {
    expression = jsonata(source, { ...limits, RegexEngine: RefusedRegex as unknown as RegExpConstructor });
  } catch (error) {
    throw new ExpressionError('INVALID_EXPRESSION', `does not compile: ${describe(error)}`);
  }
  refuseUnbounded(expression.ast());
  return expression;
}

/** A regular expression runs natively, where no limit reaches it; `$eval` would bring one in unseen. */
function refuseUnbounded(ast: unknown): void {
  if (someNode(ast, ({ type }) => type === 'regex'))
    throw new ExpressionError(
      'INVALID_EXPRESSION',
      'uses a regular expression, use $split, $contains or $replace with plain strings',
    );
  if (usesVariable(ast, new Set(['eval']))) throw new ExpressionError('INVALID_EXPRESSION', 'uses $eval');
}

/** A function counts wherever it is named, called or not: `($f := $now; $f())`. */
function usesVariable(ast: unknown, names: ReadonlySet<unknown>): boolean {
  return someNode(ast, ({ type, value }) => type === 'variable' && names.has(value));
}

/** `$toMillis` takes the date from today where its picture has only a time. */
const VOLATILE = new Set(['now', 'millis', 'toMillis', 'random', 'shuffle']);

function someNode(node: unknown, holds: (node: { type?: unknown; value?: unknown }) => boolean): boolean {
  if (typeof node !== 'object' || node === null || node instanceof RegExp) return false;
  return holds(node) || Object.values(node).some((child) => someNode(child, holds));
}

class RefusedRegex {
  constructor() {
    throw new ExpressionError('INVALID_EXPRESSION', 'uses a regular expression');
  }
}

function boundedPad(text: string | undefined, width: number, fill?: string): string | undefined {
  if (text === undefined) return undefined;
  if (Math.abs(width) > MAX_PAD)
    throw new ExpressionError('EXPRESSION_LIMIT', `pads beyond ${MAX_PAD} characters`);
  return width < 0 ? text.padStart(-width, fill || ' ') : text.padEnd(width, fill || ' ');
}

function evaluationError(error: unknown): ExpressionError {
  if (error instanceof ExpressionError) return error;
  const code = codeOf(error);
  const limited = LIMIT_CODES.has(code) || error instanceof RangeError;
  return limited
    ? new ExpressionError(
        'EXPRESSION_LIMIT',
        `was stopped: it runs too long, too deep or makes too much (${code})`,
      )
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

const LIMIT_CODES = new Set(['D1011', 'D1012', 'D2014', 'D2015']);
const MAX_PAD = 10_000;

/** For faults of the expression's own text, which holds no record. */
function describe(error: unknown): string {
  const { message, position } = error as { message?: unknown; position?: unknown };
  return `${String(message ?? 'unknown error')}${position === undefined ? '' : ` (at character ${String(position)})`}`;
}

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : 'unknown';
}

/** JSONata marks its sequences with extra fields and lets functions out; what leaves here is plain JSON or nothing. */
function plain(value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' && typeof value !== 'function') return value;
  const text = JSON.stringify(value, (_key, part) => (isFunction(part) ? undefined : part));
  return text === undefined ? undefined : JSON.parse(text);
}

/** Its own functions are objects that hold on to the whole environment. */
function isFunction(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ('_jsonata_lambda' in value || '_jsonata_function' in value)
  );
}
