import { ExpressionError } from '../expression.errors.js';

/** JSONata marks its sequences with extra fields and lets functions out; what leaves here is plain JSON or nothing. */
export function plain(value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new ExpressionError('EXPRESSION_FAILED', 'gives a number that is not finite');
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
