/**
 * Thrown where only JSONata can say what is meant: a value that its rules treat in a special way, or a fault, which
 * it words itself. One object for all, because taking a stack trace would cost more than evaluating.
 */
export class LeftToJsonata extends Error {
  override readonly name = 'LeftToJsonata';
}

const LEFT_TO_JSONATA = new LeftToJsonata();

export function leaveToJsonata(): never {
  throw LEFT_TO_JSONATA;
}

/** JSONata takes any object with these for one of its functions, and records may have any field. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const marks = value as { _jsonata_function?: unknown; _jsonata_lambda?: unknown };
  return marks._jsonata_function === true || marks._jsonata_lambda === true ? leaveToJsonata() : true;
}

/** What `?`, `and` and `$boolean` see in a value; nothing is false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.filter(isTrueItem).length > 0;
  if (typeof value === 'number') return finite(value) !== 0;
  return isObject(value) ? Object.keys(value).length > 0 : Boolean(value);
}

const isTrueItem = (item: unknown): boolean => (Array.isArray(item) ? leaveToJsonata() : isTrue(item));

/** As `&` and `$string` write it. Objects and lists become JSON, with rules of its own for the numbers in it. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(finite(value));
  return value === null || typeof value === 'boolean' ? String(value) : leaveToJsonata();
}

const numberText = (value: number): string =>
  String(Number.isInteger(value) ? value : Number(value.toPrecision(15)));

/** JSONata stops at some of the numbers that JSON cannot hold, and lets others pass. */
export function finite(value: unknown): number {
  return Number.isFinite(value) ? (value as number) : leaveToJsonata();
}

/**
 * Beyond these nothing is made here: JSONata looks at the clock between two steps, and the direct way never does. So
 * the work of an expression is at most that of its nodes over texts and lists of this size.
 */
export const MAX_DIRECT_TEXT = 10_000;
export const MAX_DIRECT_ITEMS = 1_000;

export function boundedText(text: string): string {
  return text.length > MAX_DIRECT_TEXT ? leaveToJsonata() : text;
}

export function boundedList(items: readonly unknown[]): readonly unknown[] {
  return items.length > MAX_DIRECT_ITEMS ? leaveToJsonata() : items;
}
