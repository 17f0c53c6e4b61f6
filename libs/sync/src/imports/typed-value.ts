import type { ExpressionError } from '../../../connectors/src/mapping/mapping.errors.js';
import { MAX_JSON_DEPTH, MAX_VALUE_LENGTH } from './identity-limits.js';

export const valueTypes = ['string', 'number', 'boolean', 'json'] as const;
export type ValueType = (typeof valueTypes)[number];

export type TypedValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'json'; readonly value: Readonly<Record<string, unknown>> };

export interface ValueProblem {
  readonly code: ValueProblemCode;
  /** Says what is wrong without repeating the value. */
  readonly reason: string;
}

export type ValueProblemCode =
  | ExpressionError['code']
  | 'NOT_ALLOWED'
  | 'OUT_OF_RANGE'
  | 'TOO_DEEP'
  | 'TOO_LONG'
  | 'WRONG_TYPE';

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

export const isProblem = <T extends object>(value: T | ValueProblem): value is ValueProblem =>
  'code' in value && 'reason' in value;

/** What PostgreSQL and JSON cannot both keep: NUL, and half of a character pair. */
export function textProblem(text: string, maxLength: number): ValueProblem | undefined {
  if (text.length > maxLength) return { code: 'TOO_LONG', reason: `is longer than ${maxLength} characters` };
  return unstorable.test(text)
    ? { code: 'NOT_ALLOWED', reason: 'contains NUL or half of a character pair' }
    : undefined;
}

const unstorable = /[\0\p{Surrogate}]/u;

function ownType(value: unknown): ValueType {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'json';
}

function stringOf(value: unknown): TypedValue | ValueProblem {
  if (typeof value === 'object' || value === undefined) return wrongType('a string');
  const text = String(value);
  return textProblem(text, MAX_VALUE_LENGTH) ?? { type: 'string', value: text };
}

/** A number as JSON writes it: no thousands separators, decimal commas or leading zeros to guess about. */
function numberOf(value: unknown): TypedValue | ValueProblem {
  if (typeof value === 'number' && !Number.isFinite(value)) return outOfRange;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  if (!jsonNumber.test(text)) return wrongType('a number such as 1234.5');
  const number = Number(text);
  const losesDigits = /^-?\d+$/.test(text) && !Number.isSafeInteger(number);
  if (!Number.isFinite(number) || losesDigits) return outOfRange;
  // PostgreSQL's jsonb keeps no negative zero.
  return { type: 'number', value: Object.is(number, -0) ? 0 : number };
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function booleanOf(value: unknown): TypedValue | ValueProblem {
  if (typeof value === 'boolean') return { type: 'boolean', value };
  const word =
    typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : '';
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
  if (isDeeper(json, MAX_JSON_DEPTH))
    return { code: 'TOO_DEEP', reason: `is nested deeper than ${MAX_JSON_DEPTH}` };
  return jsonProblem(json) ?? { type: 'json', value: json as Readonly<Record<string, unknown>> };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is not JSON is no JSON object either, and the caller says so.
    return undefined;
  }
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((child) => isDeeper(child, depth - 1));
}

function jsonProblem(value: unknown): ValueProblem | undefined {
  const text = JSON.stringify(value);
  if (text.length > MAX_VALUE_LENGTH)
    return { code: 'TOO_LONG', reason: `is longer than ${MAX_VALUE_LENGTH} characters` };
  return firstProblem(value);
}

function firstProblem(value: unknown): ValueProblem | undefined {
  if (typeof value === 'string') return textProblem(value, MAX_VALUE_LENGTH);
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : outOfRange;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const problem = textProblem(key, MAX_VALUE_LENGTH) ?? firstProblem(child);
    if (problem !== undefined) return problem;
  }
  return undefined;
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
  reason: 'is a number too large to be kept exactly; map it as a string',
};
