import jsonata from 'jsonata';
import { ExpressionError } from '../expression.errors.js';
import { EXPRESSION_BOUNDS } from '../expression-bounds.js';
import { evaluationError } from './evaluation-error.js';
import { plain } from './plain.js';

export interface JsonataExpression {
  readonly tree: jsonata.ExprNode;
  /** Whether the same input may give something else the next time: it asks for the time, or for chance. */
  readonly volatile: boolean;
  /** Gives `undefined` where the input has nothing to say. @throws ExpressionError */
  evaluate(input: unknown): Promise<unknown>;
}

/**
 * Compiles once, evaluates many times, each time within the bounds that are looked at between two steps, `isOverTime`
 * among them. What JSONata does inside a step no bound reaches: that is why this runs in a process that can be ended.
 * @throws ExpressionError
 */
export function jsonataExpression(source: string, isOverTime: () => boolean): JsonataExpression {
  const expression = parse(source);
  expression.registerFunction('pad', boundedPad, '<s-ns?:s>');
  const afterEachStep = (_step: unknown, _input: unknown, _environment: unknown, result: unknown) => {
    if (isOverTime()) throw new ExpressionError('EXPRESSION_LIMIT', 'runs too long');
    rejectTooLarge(result);
  };
  expression.assign(AFTER_EACH_STEP as unknown as string, afterEachStep);
  return {
    tree: expression.ast(),
    volatile: usesVariable(expression.ast(), VOLATILE),
    evaluate: async (input) => {
      try {
        return plain(await expression.evaluate(input));
      } catch (error) {
        throw evaluationError(error);
      }
    },
  };
}

function parse(source: string): jsonata.Expression {
  if (source.length > EXPRESSION_BOUNDS.length)
    throw new ExpressionError('INVALID_EXPRESSION', `is longer than ${EXPRESSION_BOUNDS.length} characters`);
  let expression: jsonata.Expression;
  try {
    expression = jsonata(source, {
      stack: EXPRESSION_BOUNDS.depth,
      sequence: EXPRESSION_BOUNDS.items,
      RegexEngine: ForbiddenRegex as unknown as RegExpConstructor,
    });
  } catch (error) {
    throw new ExpressionError('INVALID_EXPRESSION', `does not compile: ${describe(error)}`);
  }
  rejectUnseen(expression.ast());
  return expression;
}

/** Patterns are no part of what mappings are promised; `$eval` would bring in what was never looked at. */
function rejectUnseen(tree: unknown): void {
  if (someNode(tree, ({ type }) => type === 'regex'))
    throw new ExpressionError(
      'INVALID_EXPRESSION',
      'uses a regular expression, use $split, $contains or $replace with plain strings',
    );
  if (usesVariable(tree, new Set(['eval']))) throw new ExpressionError('INVALID_EXPRESSION', 'uses $eval');
}

/** A function counts wherever it is named, called or not: `($f := $now; $f())`. */
function usesVariable(tree: unknown, names: ReadonlySet<unknown>): boolean {
  return someNode(tree, ({ type, value }) => type === 'variable' && names.has(value));
}

/** `$toMillis` takes the date from today where its picture has only a time. */
const VOLATILE = new Set(['now', 'millis', 'toMillis', 'random', 'shuffle']);

function someNode(node: unknown, holds: (node: { type?: unknown; value?: unknown }) => boolean): boolean {
  if (typeof node !== 'object' || node === null || node instanceof RegExp) return false;
  return holds(node) || Object.values(node).some((child) => someNode(child, holds));
}

class ForbiddenRegex {
  constructor() {
    throw new ExpressionError('INVALID_EXPRESSION', 'uses a regular expression');
  }
}

/** JSONata calls what is bound to this with the result of each step. */
const AFTER_EACH_STEP = Symbol.for('jsonata.__evaluate_exit');

/** A text that is doubled often enough ends the process, and a list takes the time of all that comes after it. */
function rejectTooLarge(result: unknown): void {
  if (typeof result === 'string' && result.length > EXPRESSION_BOUNDS.text)
    throw new ExpressionError(
      'EXPRESSION_LIMIT',
      `makes a text of more than ${EXPRESSION_BOUNDS.text} characters`,
    );
  if (Array.isArray(result) && result.length > EXPRESSION_BOUNDS.items)
    throw new ExpressionError(
      'EXPRESSION_LIMIT',
      `makes a list of more than ${EXPRESSION_BOUNDS.items} items`,
    );
}

/** JSONata's own calls itself for each character; the native one is as good, within bounds. */
function boundedPad(text: string | undefined, width: number, fill?: string): string | undefined {
  if (text === undefined) return undefined;
  if (Math.abs(width) > MAX_PAD)
    throw new ExpressionError('EXPRESSION_LIMIT', `pads beyond ${MAX_PAD} characters`);
  return width < 0 ? text.padStart(-width, fill || ' ') : text.padEnd(width, fill || ' ');
}

const MAX_PAD = 10_000;

/** For faults of the expression's own text, which holds no record. */
function describe(error: unknown): string {
  const { message, position } = error as { message?: unknown; position?: unknown };
  return `${String(message ?? 'unknown error')}${position === undefined ? '' : ` (at character ${String(position)})`}`;
}
