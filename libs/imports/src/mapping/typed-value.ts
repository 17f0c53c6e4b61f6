import { type IdentityProperty, IdentityPropertyShape, LIMITS } from '#identity';
import type { ExpressionError } from '#mapping';
import { isStorable, OutsideJsonError, parseOutsideJson } from '#platform';

export const VALUE_TYPES = ['string', 'number', 'boolean', 'json'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

type WithoutKey<Property> = Property extends unknown ? Omit<Property, 'key'> : never;
export type TypedValue = WithoutKey<IdentityProperty>;

export interface ValueProblem {
  readonly code: ExpressionError['code'] | 'NOT_ALLOWED' | 'OUT_OF_RANGE' | 'TOO_LONG' | 'WRONG_TYPE';
  /** Says what is wrong without repeating the value. */
  readonly reason: string;
}

/** A file's value as the type asked for, or, when none is, as what it already is. */
export function typedValue(value: unknown, type: ValueType = ownType(value)): TypedValue | ValueProblem {
  switch (type) {
    case 'string':
      return stringOf(value);
    case 'number':
      return numberOf(value);
    case 'boolean':
      return booleanOf(value);
    case 'json':
      return objectOf(value);
  }
}

export const isProblem = (value: TypedValue | ValueProblem): value is ValueProblem => 'code' in value;

export function textProblem(text: string, maxLength: number): ValueProblem | undefined {
  if (text.length > maxLength) return { code: 'TOO_LONG', reason: `is longer than ${maxLength} characters` };
  return isStorable(text)
    ? undefined
    : { code: 'NOT_ALLOWED', reason: 'contains NUL or half of a character pair' };
}

function ownType(value: unknown): ValueType {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'json';
}

function stringOf(value: unknown): TypedValue | ValueProblem {
  if (typeof value === 'object' || value === undefined) return wrongType('a string');
  const text = String(value);
  return textProblem(text, LIMITS.propertyText) ?? { type: 'string', value: text };
}

/** A number as JSON writes it: no thousands separators, decimal commas or leading zeros to guess about. */
function numberOf(value: unknown): TypedValue | ValueProblem {
  const isText = typeof value === 'string';
  if (!(isText ? jsonNumber.test(value.trim()) : typeof value === 'number'))
    return wrongType('a number such as 1234.5');
  const number = Number(value);
  if (!(Math.abs(number) <= Number.MAX_SAFE_INTEGER)) return outOfRange;
  // PostgreSQL's jsonb keeps no negative zero.
  return { type: 'number', value: number === 0 ? 0 : number };
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function booleanOf(value: unknown): TypedValue | ValueProblem {
  const word = typeof value === 'object' ? '' : String(value).trim().toLowerCase();
  const known = booleanWords.get(word);
  return known === undefined ? wrongType('true, false, yes, no, 1 or 0') : { type: 'boolean', value: known };
}

const booleanWords = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

function objectOf(value: unknown): TypedValue | ValueProblem {
  if (Array.isArray(value)) return listValue;
  const json = typeof value === 'string' ? parsed(value) : value;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return wrongType('a JSON object');
  const property = IdentityPropertyShape.safeParse({ key: 'value', type: 'json', value: json });
  if (property.success) return { type: 'json', value: json as Readonly<Record<string, unknown>> };
  return { code: 'NOT_ALLOWED', reason: property.error.issues.map(({ message }) => message).join('; ') };
}

function parsed(text: string): unknown {
  try {
    return parseOutsideJson(text);
  } catch (error) {
    if (!(error instanceof OutsideJsonError)) throw error;
    // What is not JSON, or too much of it, is no JSON object either, and the caller says so.
    return undefined;
  }
}

const wrongType = (expected: string): ValueProblem => ({
  code: 'WRONG_TYPE',
  reason: `has to be ${expected}`,
});

const listValue: ValueProblem = {
  code: 'WRONG_TYPE',
  reason: 'is a list, which a property cannot be; pick or join its items with JSONata',
};

const outOfRange: ValueProblem = {
  code: 'OUT_OF_RANGE',
  reason: 'is a number that would lose digits; map it as a string',
};
