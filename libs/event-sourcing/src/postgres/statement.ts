import { createHash } from 'node:crypto';

/** Collects a statement's parameters while its text is put together. */
export class StatementParameters {
  readonly values: unknown[] = [];

  /** Adds a value and answers its placeholder, `$3::uuid`. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }

  /** Adds one array with a value of each item, for jsonb its JSON text: a column for `unnest`. */
  column<T>(items: readonly T[], type: string, pick: (item: T) => unknown): string {
    const values = items.map(pick);
    if (type === 'jsonb') return this.documents(values as string[]);
    return this.add(values, `${type}[]`);
  }

  // As one JSON array: in an array of texts every quote is escaped here and unescaped there, twice the time in all.
  private documents(texts: readonly string[]): string {
    return `array(select jsonb_array_elements(${this.add(`[${texts.join()}]`, 'jsonb')}))`;
  }
}

const MAX_PREPARED = 1_000;
const names = new Map<string, string>();

/**
 * The same name for the same text, so that a connection prepares each statement once, and for no other text in any
 * process: behind a pooler a connection is not ours alone. None once there are very many texts: each costs memory on
 * every connection, and what clients combine in a filter decides how many there are.
 */
export function preparedName(text: string): string | undefined {
  const name = names.get(text);
  if (name !== undefined || names.size >= MAX_PREPARED) return name;
  names.set(text, `rollcall_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`);
  return names.get(text);
}
