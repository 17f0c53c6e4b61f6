import { spend } from './direct-work.js';
import { leaveToJsonata } from './left-to-jsonata.js';

/** JSONata takes any object with these for one of its functions, and records may have any field. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const marks = value as { _jsonata_function?: unknown; _jsonata_lambda?: unknown };
  return marks._jsonata_function === true || marks._jsonata_lambda === true ? leaveToJsonata() : true;
}

/** What `?`, `and` and `$boolean` see in a value; nothing is false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return boundedList(value).filter(isTrueItem).length > 0;
  if (typeof value === 'number') return finite(value) !== 0;
  return isObject(value) ? boundedList(Object.keys(value)).length > 0 : Boolean(value);
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
 * Beyond these nothing is made or gone through here: JSONata looks at the clock between two steps, and the direct way never
 * does.
 */
export const MAX_DIRECT_TEXT = 10_000;
export const MAX_DIRECT_ITEMS = 1_000;

export function boundedText(text: string): string {
  if (text.length > MAX_DIRECT_TEXT) leaveToJsonata();
  spend(text.length);
  return text;
}

export function boundedList(items: readonly unknown[]): readonly unknown[] {
  if (items.length > MAX_DIRECT_ITEMS) leaveToJsonata();
  spend(items.length);
  return items;
}
