import { LIMITS } from '#identity';
import { isStorableJson } from '#platform';
import type { FieldError, FieldErrorCode } from './mapping.errors.js';
import { IDENTITY_TYPES, type IdentityType, type PropertyType } from './mapping.schema.js';

export interface MappedIdentity {
  readonly identifierKey: string;
  readonly name: string;
  readonly identityType: IdentityType;
  readonly properties: readonly MappedProperty[];
}

export interface MappedProperty {
  readonly key: string;
  readonly type: PropertyType;
  readonly value: unknown;
}

/** What one expression gave for one record. */
export interface FieldOutcome {
  readonly field: string;
  readonly property?: { readonly key: string; readonly type: PropertyType };
  readonly value: unknown;
  readonly error?: FieldError;
}

export type MappingResult =
  | { readonly ok: true; readonly identity: MappedIdentity }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Judges what the expressions gave: an identity, or what is wrong with each field. */
export function toMappedIdentity(outcomes: readonly FieldOutcome[]): MappingResult {
  const errors: FieldError[] = [];
  const properties: MappedProperty[] = [];
  const fields = new Map<string, unknown>();
  for (const outcome of outcomes) {
    const { field, property, value } = outcome;
    const fault = outcome.error ?? judge(outcome);
    if (fault) errors.push(fault);
    else if (!property) fields.set(field, value);
    else if (value !== undefined) properties.push({ key: property.key, type: property.type, value });
  }
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    identity: {
      identifierKey: fields.get('identifier_key') as string,
      name: fields.get('name') as string,
      identityType: fields.get('identity_type') as IdentityType,
      properties,
    },
  };
}

function judge(outcome: FieldOutcome): FieldError | null {
  if (outcome.property) return judgeProperty(outcome.field, outcome.property.type, outcome.value);
  switch (outcome.field) {
    case 'identifier_key':
      return judgeText(outcome, LIMITS.identifierKey);
    case 'identity_type':
      return IDENTITY_TYPES.some((type) => type === outcome.value)
        ? null
        : fault(outcome.field, 'NOT_ALLOWED', `has to be one of ${IDENTITY_TYPES.join(', ')}`);
    default:
      return judgeText(outcome, LIMITS.name);
  }
}

function judgeText({ field, value }: FieldOutcome, maxLength: number): FieldError | null {
  if (value === undefined || value === '') return fault(field, 'MISSING', 'is empty');
  if (typeof value !== 'string')
    return fault(field, 'WRONG_TYPE', `has to be a string, not ${typeName(value)}`);
  return judgeSize(field, value, maxLength);
}

/** Nothing is a fine value for a property: the source has none. */
function judgeProperty(field: string, type: PropertyType, value: unknown): FieldError | null {
  if (value === undefined) return null;
  if (type !== 'json' && typeof value !== type)
    return fault(field, 'WRONG_TYPE', `has to be a ${type}, not ${typeName(value)}`);
  if (typeof value === 'number' && !Number.isFinite(value))
    return fault(field, 'WRONG_TYPE', 'has to be a finite number');
  return judgeSize(field, value, LIMITS.propertyText);
}

function judgeSize(field: string, value: unknown, maxLength: number): FieldError | null {
  const length = typeof value === 'string' ? value.length : JSON.stringify(value).length;
  if (length > maxLength) return fault(field, 'TOO_LONG', `is longer than ${maxLength} characters`);
  if (!isStorableJson(value))
    return fault(field, 'NOT_ALLOWED', 'contains a NUL character or half of a character pair');
  return null;
}

function fault(field: string, code: FieldErrorCode, reason: string): FieldError {
  return { field, code, reason };
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
