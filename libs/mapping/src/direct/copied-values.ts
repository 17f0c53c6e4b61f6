import { roughSize } from '../rough-size.js';
import { type DirectExpression, orElsewhere } from './direct-expression.js';
import { MAX_DIRECT_WORK, spend } from './direct-work.js';

/** As what comes from another process: nothing of the record leaves by reference, and `null` is nothing. */
export const withCopiedValues =
  (evaluate: DirectExpression): DirectExpression =>
  (input) =>
    orElsewhere(() => copied(evaluate(input)));

function copied(value: unknown): unknown {
  if (typeof value !== 'object') return value;
  if (value === null) return undefined;
  spend(roughSize(value, MAX_DIRECT_WORK));
  return JSON.parse(JSON.stringify(value));
}
