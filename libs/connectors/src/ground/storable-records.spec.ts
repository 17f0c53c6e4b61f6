import { describe, expect, it } from '@jest/globals';
import { isStorable } from '#platform';
import { textsThatCannotBeStored, timesThatCannotBeStored } from '#platform/testing';
import type { Connector } from '../port/connector.js';
import type { FetchedRecord, Page, SourceRecord } from '../port/records.js';
import { withStorableRecords } from './storable-records.js';

const good: SourceRecord = { stream: 's', id: 'good', updatedAt: '2026-01-01T00:00:00Z', raw: {} };

describe('records that cannot be stored', () => {
  const bad = [
    ...textsThatCannotBeStored.map(({ name, text }) => [`an id with ${name}`, { id: text }] as const),
    ...textsThatCannotBeStored.map(
      ({ name, text }) => [`a merged id with ${name}`, { mergedIds: [text] }] as const,
    ),
    ...timesThatCannotBeStored.map(({ name, time }) => [name, { updatedAt: time.toISOString() }] as const),
    ['an id without end', { id: 'x'.repeat(257) }] as const,
    ['an empty id', { id: '' }] as const,
  ];

  it.each(bad)(
    'are rejected one by one, in a listing, among deletions and asked for by id: %s',
    async (_name, change) => {
      const record = { ...good, ...change };
      const connector = withStorableRecords(connectorOf(page([record, good])));
      for (const pages of [connector.read(context, 's', null), connector.deletions?.(context, 's', null)])
        for await (const { records, rejected } of pages ?? []) {
          expect(records).toEqual([good]);
          expect(rejected).toMatchObject([{ code: 'INVALID_RECORD', raw: record.raw }]);
        }
      const fetched = await connector.fetchByIds(context, 's', ['asked']);
      expect(fetched.get('asked')).toMatchObject({ status: 'rejected' });
    },
  );

  it.each(textsThatCannotBeStored)(
    'leave no reason, id or cursor that cannot be stored: $name',
    async ({ text }) => {
      const rejected = [
        { id: text, code: 'INVALID_RECORD', reason: `${text}: expected a string`, raw: null },
      ] as const;
      const connector = withStorableRecords(connectorOf({ ...page([]), rejected }));
      for await (const {
        rejected: [first],
      } of connector.read(context, 's', null)) {
        expect(first?.id).toBeNull();
        expect(isStorable(first?.reason ?? text)).toBe(true);
      }
      const ids = { ids: [text, 'good'], next: null, done: true, serverDate: null };
      for await (const listed of withStorableRecords({
        ...connectorOf(page([])),
        listIds: () => pagesOf(ids),
      }).listIds?.(context, 's', null) ?? [])
        expect(listed.ids).toEqual(['good']);
      const lost = withStorableRecords(connectorOf({ ...page([]), next: { after: text } }));
      await expect(lost.read(context, 's', null)[Symbol.asyncIterator]().next()).rejects.toThrow('cursor');
      const merged = { status: 'merged', mergedInto: text, record: null } as const;
      const answered = await withStorableRecords(connectorOf(page([]), merged)).fetchByIds(context, 's', [
        'asked',
      ]);
      expect(answered.get('asked')).toMatchObject({ status: 'rejected' });
    },
  );
});

const context = {} as never;

const page = (records: readonly SourceRecord[]): Page<unknown> => ({
  records,
  rejected: [],
  next: null,
  done: true,
  serverDate: null,
});

async function* pagesOf<P>(one: P): AsyncGenerator<P> {
  yield one;
}

/** Only what is asked here. */
function connectorOf(one: Page<unknown>, answer?: FetchedRecord): Connector {
  const found = { status: 'found', record: one.records[0] } as FetchedRecord;
  return {
    read: () => pagesOf(one),
    deletions: () => pagesOf(one),
    fetchByIds: async () => new Map([['asked', answer ?? found]]),
  } as unknown as Connector;
}
