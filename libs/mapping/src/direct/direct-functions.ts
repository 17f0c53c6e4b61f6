import { boundedList, boundedText, finite, isTrue, MAX_DIRECT_TEXT, toText } from './direct-values.js';
import { leaveToJsonata } from './left-to-jsonata.js';

export interface DirectFunction {
  /** With fewer arguments JSONata may put in the context, with more it refuses. */
  readonly least: number;
  readonly most: number;
  readonly call: (...values: readonly unknown[]) => unknown;
}

/** JSONata's own functions, as far as mappings of CRM records need them. */
export const FUNCTIONS: ReadonlyMap<unknown, DirectFunction> = new Map<unknown, DirectFunction>([
  ['exists', ofOne((value) => value !== undefined)],
  ['count', ofOne((value) => (value === undefined ? 0 : Array.isArray(value) ? value.length : 1))],
  ['boolean', ofOne((value) => (value === undefined ? undefined : isTrue(value)))],
  ['not', ofOne((value) => (value === undefined ? undefined : !isTrue(value)))],
  ['string', ofOne((value) => (value === undefined ? undefined : toText(value)))],
  ['number', ofOne((value) => (value === undefined ? undefined : toNumber(value)))],
  ['length', ofText([], (text) => [...text].length)],
  ['trim', ofText([], trim)],
  ['lowercase', ofText([], (text) => text.toLowerCase())],
  ['uppercase', ofText([], (text) => text.toUpperCase())],
  ['substring', ofText([finite, orNothing(finite)], substring, 2)],
  ['substringBefore', ofText([asText], substringBefore)],
  ['substringAfter', ofText([asText], substringAfter)],
  ['contains', ofText([asText], (text, part) => text.includes(part))],
  ['replace', ofText([asText, asText], replace)],
  ['split', ofText([asText, orNothing(finite)], split, 2)],
  ['join', { least: 1, most: 2, call: join }],
]);

function ofOne(call: (value: unknown) => unknown): DirectFunction {
  return { least: 1, most: 1, call };
}

/** Of no text they make nothing, but the other arguments have to be right even then. */
function ofText<Others extends readonly unknown[]>(
  readers: { readonly [Place in keyof Others]: (value: unknown) => Others[Place] },
  call: (text: string, ...others: Others) => unknown,
  least = readers.length + 1,
): DirectFunction {
  const readAll = (values: readonly unknown[]) =>
    readers.map((read, place) => read(values[place])) as unknown as Others;
  return {
    least,
    most: readers.length + 1,
    call: (text, ...values) => {
      const others = readAll(values);
      return text === undefined ? undefined : call(asText(text), ...others);
    },
  };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? boundedText(value) : leaveToJsonata();
}

function orNothing<Value>(read: (value: unknown) => Value): (value: unknown) => Value | undefined {
  return (value) => (value === undefined ? undefined : read(value));
}

function toNumber(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string')
    return DECIMAL.test(value) ? finite(Number.parseFloat(value)) : leaveToJsonata();
  return finite(value);
}

/** Other notations, such as 0x1F, are left to JSONata. */
const DECIMAL = /^-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?$/;

/** It makes one space of all white space in between as well, and leaves alone what only Unicode calls a space. */
function trim(text: string): string {
  return text.replace(/[ \t\n\r]+/g, ' ').replace(/^ | $/g, '');
}

/** Counted in characters, not in halves of pairs. */
function substring(text: string, start: number, length: number | undefined): string {
  const characters = [...text];
  if (length !== undefined && length <= 0) return '';
  const from = characters.length + start < 0 ? 0 : start;
  const end = length === undefined ? undefined : (from < 0 ? characters.length + from : from) + length;
  return characters.slice(from, end).join('');
}

function substringBefore(text: string, mark: string): string {
  const place = text.indexOf(mark);
  return place < 0 ? text : text.slice(0, place);
}

function substringAfter(text: string, mark: string): string {
  const place = text.indexOf(mark);
  return place < 0 ? text : text.slice(place + mark.length);
}

function replace(text: string, part: string, by: string): string {
  return part === '' ? leaveToJsonata() : glued(text.split(part), by);
}

function split(text: string, separator: string, limit: number | undefined): readonly unknown[] {
  if (limit !== undefined && limit <= 0) return limit < 0 ? leaveToJsonata() : [];
  return boundedList(text.split(separator, limit));
}

function join(value: unknown, separator: unknown): string | undefined {
  const glue = separator === undefined ? '' : asText(separator);
  if (value === undefined) return undefined;
  return glued(boundedList(Array.isArray(value) ? value : [value]).map(asText), glue);
}

/** Looks at the size first: two long texts can make one that takes seconds. */
function glued(parts: readonly string[], glue: string): string {
  const size = parts.reduce((sum, part) => sum + part.length, parts.length * glue.length);
  return size > MAX_DIRECT_TEXT ? leaveToJsonata() : parts.join(glue);
}
