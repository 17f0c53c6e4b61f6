import type { SealedConnection } from '../connections/connection.js';
import { CountedCalls } from './counted-calls.js';
import type { PageReader, RunPage } from './page-reader.js';
import type { Run } from './run.js';

/** A page that is being read. */
export interface AskedPage {
  readonly page: Promise<RunPage>;
  /** By the database's clock, never later than it was. */
  readonly askedAt: Date;
  readonly calls: CountedCalls;
}

/**
 * Reads and maps the next page of a listing while the one before it is written: neither has to wait for the other.
 * What it finds in the database may be overtaken by that write, so nothing it says of links is taken for granted when
 * the page is applied. It is the page of one place of one run, under the connection as it was; who comes from
 * somewhere else gets none.
 */
export class PageAhead {
  private waiting: (AskedPage & { readonly place: string; readonly stop: AbortController }) | null = null;

  constructor(
    private readonly reader: PageReader,
    private readonly signal?: AbortSignal,
  ) {}

  /** `run` is as the page before will leave it. */
  ask(run: Run, connection: SealedConnection, askedAt: Date): void {
    const calls = new CountedCalls(this.drop());
    const stop = new AbortController();
    const signal = this.signal ? AbortSignal.any([this.signal, stop.signal]) : stop.signal;
    const page = this.reader.read(run, connection, calls, { signal });
    page.catch(() => {}); // Whoever takes the page meets its error; that of a page nobody takes is nobody's.
    this.waiting = { page, askedAt, calls, stop, place: placeOf(run, connection) };
  }

  take(run: Run, connection: SealedConnection): AskedPage | null {
    if (this.waiting?.place !== placeOf(run, connection)) return null;
    const taken = this.waiting;
    this.waiting = null;
    return taken;
  }

  /** Stops reading. @returns the calls that were made for nothing */
  drop(): number {
    this.waiting?.stop.abort();
    const calls = this.waiting?.calls.count ?? 0;
    this.waiting = null;
    return calls;
  }
}

/** Each commit counts the pages up, and so does whoever sends a run back to its beginning. */
const placeOf = ({ id, pages }: Run, { updatedAt, secretsVersion }: SealedConnection): string =>
  [id, pages, updatedAt.toISOString(), secretsVersion].join();
