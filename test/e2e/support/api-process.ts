import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe } from '@jest/globals';
import pg from 'pg';
import { ApiKeys, createPrisma, type NewApiKey } from '#platform';
import { createTestDatabase, type TestDatabase } from '../../support/databases.js';
import { requireSound } from './sound-refusal.js';

/** The API alone, or as `rollcall start` runs it, with all of its modules. */
const ENTRIES = {
  api: ['dist/bin/api.js'],
  service: ['dist/bin/rollcall.js', 'start', '--only', 'api'],
} as const;
type Entry = keyof typeof ENTRIES;

/** The API as its own process on a database of its own. */
export interface ApiUnderTest {
  readonly url: string;
  readonly adminKey: string;
  readonly databaseUrl: string;
  /** Sends a request as the admin; JSON in, JSON out. @throws Error for a refusal that is not as all are */
  send(method: string, path: string, options?: SendOptions): Promise<Answered>;
  makeKey(key: Omit<NewApiKey, 'name'>): Promise<string>;
  /** As another process would, so that this one learns of it from the database alone. */
  revokeKey(key: string): Promise<void>;
  /** What a refused request must leave as it was. */
  logSize(): Promise<{ events: number; position: number }>;
}

export interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly key?: string | null;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the answers of many endpoints, looked into by assertions.
  readonly body: any;
}

/** Runs a suite against a freshly started API; `environment` is added to the process's own. */
export function describeApi(
  name: string,
  suite: (api: ApiUnderTest) => void,
  environment: () => Record<string, string> = () => ({}),
  entry: Entry = 'api',
): void {
  describe(name, () => {
    const running: { api?: ApiProcess } = {};
    const api = () => {
      if (!running.api) throw new Error('The API runs in hooks and tests only');
      return running.api;
    };
    beforeAll(async () => {
      running.api = await ApiProcess.start(environment(), entry);
    }, 60_000);
    suite({
      get url() {
        return api().url;
      },
      get adminKey() {
        return api().adminKey;
      },
      get databaseUrl() {
        return api().databaseUrl;
      },
      send: (...request) => api().send(...request),
      makeKey: (key) => api().makeKey(key),
      revokeKey: (key) => api().revokeKey(key),
      logSize: () => api().logSize(),
    });
    afterAll(() => running.api?.stop());
  });
}

class ApiProcess implements ApiUnderTest {
  private constructor(
    private readonly process: ChildProcess,
    private readonly ownDatabase: TestDatabase,
    private readonly database: pg.Client,
    readonly url: string,
    readonly adminKey: string,
  ) {}

  static async start(environment: Record<string, string>, entry: Entry): Promise<ApiProcess> {
    const database = await createTestDatabase();
    const adminKey = `test-${randomBytes(16).toString('hex')}`;
    const child = spawn(process.execPath, [...ENTRIES[entry]], {
      env: { ...baseEnvironment(), DATABASE_URL: database.url, ROLLCALL_ADMIN_KEY: adminKey, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const url = await printedUrl(child);
    await ready(url);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    return new ApiProcess(child, database, client, url, adminKey);
  }

  get databaseUrl(): string {
    return this.ownDatabase.url;
  }

  async send(
    method: string,
    target: string,
    { body, headers, key = this.adminKey }: SendOptions = {},
  ): Promise<Answered> {
    const response = await fetch(`${this.url}${target}`, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      redirect: 'manual',
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const { status, headers: answered } = response;
    const answer = { status, headers: answered, body: parsed(response, text) };
    requireSound(answer);
    return answer;
  }

  async makeKey(key: Omit<NewApiKey, 'name'>): Promise<string> {
    return this.withKeys(async (keys) => (await keys.create({ name: 'a test', ...key })).key);
  }

  async revokeKey(key: string): Promise<void> {
    await this.withKeys(async (keys) => {
      const known = await keys.authenticate(key);
      if (!known || !(await keys.revoke(known.id))) throw new Error('There is no such key to revoke');
    });
  }

  async logSize(): Promise<{ events: number; position: number }> {
    const { rows } = await this.database.query(
      'select count(*)::int as events, coalesce(max(global_position), 0)::int as position from es.events',
    );
    return rows[0];
  }

  private async withKeys<T>(work: (keys: ApiKeys) => Promise<T>): Promise<T> {
    const prisma = createPrisma({ url: this.databaseUrl, max: 1 });
    return work(new ApiKeys(prisma)).finally(() => prisma.$disconnect());
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      this.process.kill('SIGTERM');
      await once(this.process, 'exit');
    }
    await this.database.end();
    await this.ownDatabase.drop();
  }
}

const parsed = (response: Response, text: string): unknown =>
  response.headers.get('content-type')?.startsWith('application/json') && text !== ''
    ? JSON.parse(text)
    : text;

/** Nothing of the shell that runs the tests reaches the process but what it needs to run. */
const baseEnvironment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  PORT: '0',
  HOST: '127.0.0.1',
  ROLLCALL_SECRET_KEY: randomBytes(32).toString('base64'),
  ROLLCALL_LOG_LEVEL: 'error',
});

/** The address the process says it listens at. Its own complaint is the error when it ends instead. */
async function printedUrl(child: ChildProcess): Promise<string> {
  let complaint = '';
  child.stderr?.on('data', (chunk) => {
    complaint += chunk;
    if (process.env.ROLLCALL_TEST_VERBOSE) process.stderr.write(chunk);
  });
  if (!child.stdout) throw new Error('The API has no standard output');
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /^(?:Rollcall API:| *API) +(http\S+)/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error(`The API ended before it listened:\n${complaint}`);
}

async function ready(url: string): Promise<void> {
  const { ok, status } = await fetch(`${url}/health/ready`);
  if (!ok) throw new Error(`The API listens but is not ready: ${status}`);
}
