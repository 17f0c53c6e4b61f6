import { expect } from '@jest/globals';
import type { FetchedRecord, Page, SourceRecord } from '../../port/records.js';

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export function lastOf<Item>(items: readonly Item[]): Item {
  const last = items.at(-1);
  if (last === undefined) throw new Error('there was no page');
  return last;
}

export function recordsOf(pages: readonly Page<unknown>[]): SourceRecord[] {
  return pages.flatMap(({ records }) => [...records]);
}

export function idsOf(records: readonly SourceRecord[]): string[] {
  return records.map(({ id }) => id);
}

export function statusOf(found: Map<string, FetchedRecord>, id: string): string | undefined {
  return found.get(id)?.status;
}

/** Deleted, or still readable as archived: for the engine both are the end. */
export function isGone(found: Map<string, FetchedRecord>, id: string): boolean {
  const one = found.get(id);
  return one?.status === 'gone' || (one?.status === 'found' && one.record.archived === true);
}

export async function failureOf(work: Promise<unknown> | (() => Promise<unknown>)): Promise<Error> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    // Not `instanceof`: jest runs specs in a realm of their own, and node's errors come from another.
    return error as Error;
  }
  throw new Error('it did not fail');
}

export function expectNoSecret(error: Error, secrets: readonly string[]): void {
  const said = [error.message, error.stack, String(error.cause)].join('\n');
  for (const secret of secrets) expect(said).not.toContain(secret);
}
