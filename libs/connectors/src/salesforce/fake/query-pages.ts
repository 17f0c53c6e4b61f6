import type { FakeReply, FakeRequest } from '../../testing/fake-server.js';
import { FakeRefusal } from './salesforce-errors.js';
import type { SalesforceOrg } from './salesforce-org.js';
import { runSoql } from './soql-query.js';

interface OpenQuery {
  readonly records: readonly object[];
  readonly batchSize: number;
}

/** A query is answered in batches; the locator of the next one holds on to what was found. */
export class QueryPages {
  private readonly open = new Map<string, OpenQuery>();

  constructor(private readonly org: SalesforceOrg) {}

  first(request: FakeRequest, withDeleted: boolean): FakeReply {
    const records = runSoql(this.org, request.query.get('q') ?? '', withDeleted);
    const asked = /batchSize=(\d+)/.exec(String(request.headers['sforce-query-options'] ?? ''))?.[1];
    const wanted = Math.min(2_000, Math.max(200, Number(asked ?? 2_000)));
    const batchSize = Math.min(wanted, this.org.mostRows);
    const locator = `01g5g${String(this.open.size).padStart(10, '0')}AAA`;
    if (records.length > batchSize) this.open.set(locator, { records, batchSize });
    return page(locator, { records, batchSize }, 0);
  }

  next(path: string): FakeReply {
    const [locator = '', start] = path.split('-');
    const query = this.open.get(locator);
    if (!query) throw new FakeRefusal('INVALID_QUERY_LOCATOR', 'invalid query locator');
    return page(locator, query, Number(start));
  }
}

function page(locator: string, { records, batchSize }: OpenQuery, start: number): FakeReply {
  const end = start + batchSize;
  const done = end >= records.length;
  return {
    status: 200,
    json: {
      totalSize: records.length,
      done,
      ...(done ? {} : { nextRecordsUrl: `/services/data/v62.0/query/${locator}-${end}` }),
      records: records.slice(start, end),
    },
  };
}
