import { isStorable, isStorableJson, isStorableTime, storableForm } from '#platform';
import { InvalidResponse } from '../port/connector.errors.js';
import type { Connector } from '../port/connector.js';
import type { FetchedRecord, IdPage, Page, RejectedRecord, SourceRecord } from '../port/records.js';

/** In characters: what an index can hold, however many bytes each takes. */
const LONGEST_ID = 256;
const LONGEST_REASON = 1_000;

/**
 * The same connector, of which only what can be stored comes: a record whose id or time cannot be is rejected by itself,
 * and its neighbours on the page go on. What a mapping makes of a record is judged where it is mapped.
 */
export function withStorableRecords(connector: Connector): Connector {
  const { listIds, deletions } = connector;
  return {
    ...connector,
    read: (...asked) => pagesOf(connector.read(...asked)),
    fetchByIds: async (...asked) => fetchedOf(await connector.fetchByIds(...asked)),
    ...(deletions && { deletions: (...asked) => pagesOf(deletions.apply(connector, asked)) }),
    ...(listIds && { listIds: (...asked) => idPagesOf(listIds.apply(connector, asked)) }),
  };
}

async function* pagesOf(pages: AsyncIterable<Page<unknown>>): AsyncGenerator<Page<unknown>> {
  for await (const page of pages) {
    requireStorable(page.next);
    const records: SourceRecord[] = [];
    const rejected = page.rejected.map(storableRejection);
    for (const record of page.records) {
      const rejection = rejectionOf(record);
      if (rejection) rejected.push(rejection);
      else records.push(record);
    }
    yield { ...page, records, rejected };
  }
}

/** An id that cannot be stored is nobody's: no record of ours has it. */
async function* idPagesOf(pages: AsyncIterable<IdPage<unknown>>): AsyncGenerator<IdPage<unknown>> {
  for await (const page of pages) {
    requireStorable(page.next);
    yield { ...page, ids: page.ids.filter(isStorableId) };
  }
}

function fetchedOf(fetched: Map<string, FetchedRecord>): Map<string, FetchedRecord> {
  return new Map([...fetched].map(([id, answer]) => [id, judged(id, answer)]));
}

function judged(id: string, answer: FetchedRecord): FetchedRecord {
  if (answer.status === 'rejected')
    return { status: 'rejected', rejected: storableRejection(answer.rejected) };
  if (answer.status === 'gone') return answer;
  const rejected =
    (answer.record && rejectionOf(answer.record)) ??
    (answer.status === 'merged' && !isStorableId(answer.mergedInto)
      ? rejection(id, 'the id of the record it was merged into', answer)
      : null);
  return rejected ? { status: 'rejected', rejected } : answer;
}

function rejectionOf(record: SourceRecord): RejectedRecord | null {
  const { id, updatedAt, mergedIds = [], raw } = record;
  if (!isStorableId(id)) return rejection(null, 'its id', raw);
  if (!mergedIds.every(isStorableId)) return rejection(id, 'the id of a record that was merged into it', raw);
  const time = new Date(updatedAt ?? Number.NaN);
  const isTime = Number.isNaN(time.getTime()) || isStorableTime(time);
  return isTime ? null : rejection(id, 'the time of its change', raw);
}

const rejection = (id: string | null, what: string, raw: unknown): RejectedRecord => ({
  id,
  code: 'INVALID_RECORD',
  reason: `${what} cannot be stored`,
  raw,
});

const storableRejection = ({ id, reason, ...rejected }: RejectedRecord): RejectedRecord => ({
  ...rejected,
  id: id === null || isStorableId(id) ? id : null,
  reason: storableForm(reason, LONGEST_REASON),
});

const isStorableId = (id: string): boolean => id !== '' && id.length <= LONGEST_ID && isStorable(id);

function requireStorable(cursor: unknown): void {
  if (!isStorableJson(cursor)) throw new InvalidResponse('The cursor of the next page cannot be stored');
}
