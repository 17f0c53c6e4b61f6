import { to18 } from '../salesforce.ids.js';
import type { FakeField } from './field-definitions.js';
import { FakeRefusal, malformed, unknownField } from './salesforce-errors.js';
import type { SalesforceOrg } from './salesforce-org.js';
import type { FakeRecord, FakeValue, SObjectTable } from './sobject-table.js';
import { parseSoql, type SoqlCondition, type SoqlLiteral, type SoqlStatement } from './soql-parser.js';

/** What a statement finds, in order; `query` leaves out what was deleted. */
export function runSoql(org: SalesforceOrg, text: string, withDeleted: boolean): object[] {
  const statement = parseSoql(text);
  if (statement.entity.toLowerCase() === 'organization') return [org.organization()];
  const table = org.tableOf(statement.entity);
  if (!table) throw new FakeRefusal('INVALID_TYPE', `sObject type '${statement.entity}' is not supported.`);
  checkNames(org, table, statement);
  const found = table
    .visible()
    .filter((record) => (withDeleted || !record.deleted) && holds(table, record, statement.where));
  const sorted = found.sort((a, b) => compareBy(table, statement, a, b));
  return sorted
    .slice(0, statement.limit ?? found.length)
    .map((record) => recordJson(org, table, record, statement.fields));
}

export function recordJson(
  org: SalesforceOrg,
  table: SObjectTable,
  record: FakeRecord,
  fields: readonly string[],
): object {
  const { type } = table;
  const url = `/services/data/v62.0/sobjects/${type}/${record.id}`;
  const answer: Record<string, unknown> = { attributes: { type, url } };
  for (const name of fields) {
    const [relation = '', ...path] = name.split('.');
    if (path.length > 0) answer[relation] = parentJson(org, record, path.join('.'));
    else answer[fieldOf(table, name).name] = fieldValue(table, record, fieldOf(table, name));
  }
  return record.disguise ? { ...answer, ...record.disguise } : answer;
}

/** The one parent there is: the account of a contact. */
function parentJson(org: SalesforceOrg, record: FakeRecord, path: string): object | null {
  const parent = org.accounts.find(String(record.values.AccountId ?? ''));
  return parent ? recordJson(org, org.accounts, parent, [path]) : null;
}

function checkNames(org: SalesforceOrg, table: SObjectTable, { fields, order }: SoqlStatement): void {
  const seen = new Set<string>();
  for (const name of fields) {
    if (seen.has(name.toLowerCase())) throw malformed(`duplicate field selected: ${name}`);
    seen.add(name.toLowerCase());
    const [relation, ...path] = name.split('.');
    if (path.length === 0) fieldOf(table, name);
    else if (table.type === 'Contact' && relation === 'Account') fieldOf(org.accounts, path.join('.'));
    else
      throw new FakeRefusal('INVALID_FIELD', `Didn't understand relationship '${relation}' in field path.`);
  }
  for (const { field } of order) fieldOf(table, field);
}

function fieldOf(table: SObjectTable, name: string): FakeField {
  const found = table.field(name);
  if (!found) throw unknownField(name, table.type);
  return found;
}

function fieldValue(table: SObjectTable, record: FakeRecord, field: FakeField): FakeValue {
  switch (field.name) {
    case 'Id':
      return record.id;
    case 'IsDeleted':
      return record.deleted;
    case 'MasterRecordId':
      return record.masterRecordId;
    case 'CreatedDate':
      return wireTime(record.createdAt);
    case 'LastModifiedDate':
    case 'SystemModstamp':
      return wireTime(record.modifiedAt);
    case 'IsConverted':
      return record.values.IsConverted ?? false;
    case 'Name':
      return table.type === 'Account' ? (record.values.Name ?? null) : fullName(record);
    default:
      return record.values[field.name] ?? null;
  }
}

function fullName({ values }: FakeRecord): string | null {
  const name = [values.FirstName, values.LastName].filter(Boolean).join(' ');
  return name === '' ? null : name;
}

/** Kept by the second, and written with an offset that has no colon. */
export const wireTime = (ms: number): string =>
  new Date(ms - (ms % 1_000)).toISOString().replace('Z', '+0000');

function holds(table: SObjectTable, record: FakeRecord, condition: SoqlCondition | null): boolean {
  if (condition === null) return true;
  switch (condition.kind) {
    case 'and':
      return condition.parts.every((part) => holds(table, record, part));
    case 'or':
      return condition.parts.some((part) => holds(table, record, part));
    case 'not':
      return !holds(table, record, condition.part);
    case 'in':
      return condition.values.some((value) => compares(table, record, condition.field, '=', value));
    case 'compare':
      return compares(table, record, condition.field, condition.op, condition.value);
  }
}

function compares(
  table: SObjectTable,
  record: FakeRecord,
  name: string,
  op: string,
  literal: SoqlLiteral,
): boolean {
  const field = fieldOf(table, name);
  const wanted = comparable(field, literal);
  const held = heldValue(table, record, field);
  if (op === '=') return held === wanted;
  if (op === '!=' || op === '<>') return held !== wanted;
  if (held === null || wanted === null) return false;
  if (op === 'like') return likeness(String(wanted)).test(String(held));
  if (op === '<') return held < wanted;
  if (op === '<=') return held <= wanted;
  return op === '>' ? held > wanted : held >= wanted;
}

function comparable(field: FakeField, literal: SoqlLiteral): FakeValue {
  if (literal.kind === 'null') return null;
  if (field.type === 'datetime') {
    if (literal.kind === 'datetime') return Date.parse(literal.text);
    throw new FakeRefusal(
      'INVALID_FIELD',
      `value of filter criterion for field '${field.name}' must be of type dateTime and should not be enclosed in quotes`,
    );
  }
  if (literal.kind === 'datetime') throw malformed(`unexpected date for field ${field.name}`);
  if (literal.kind === 'number' || literal.kind === 'boolean') return literal.value;
  return field.type === 'id' || field.type === 'reference' ? to18(literal.text) : literal.text.toLowerCase();
}

/** Text is compared without regard to case, ids are not. */
function heldValue(table: SObjectTable, record: FakeRecord, field: FakeField): FakeValue {
  const value = fieldValue(table, record, field);
  if (value === null) return null;
  if (field.type === 'datetime') return Date.parse(String(value));
  if (field.type === 'id' || field.type === 'reference') return to18(String(value));
  return typeof value === 'string' ? value.toLowerCase() : value;
}

function likeness(pattern: string): RegExp {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`, 's');
}

function compareBy(table: SObjectTable, { order }: SoqlStatement, a: FakeRecord, b: FakeRecord): number {
  for (const { field, descending } of order) {
    const [left, right] = [a, b].map((record) => heldValue(table, record, fieldOf(table, field)) ?? '');
    if (left === right || left === undefined || right === undefined) continue;
    return (left < right ? -1 : 1) * (descending ? -1 : 1);
  }
  return 0;
}
