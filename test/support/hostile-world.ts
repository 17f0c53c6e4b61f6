import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createPostgresBackend, type Queue, withBackend } from 'bullmq';

import pg from 'pg';
import { loadWebhookSamples, type WebhookSample } from '#connectors/testing';
import type { Entry } from '../corpus/entries.js';
import {
  eventually,
  freshAdminKey,
  freshSecretKey,
  rollcall,
  ServiceProcess,
} from '../e2e/support/service-process.js';
import { createTestDatabase, type TestDatabase } from './databases.js';
import { type LoopDelays, WatchedLoops } from './watched-loops.js';

const samples = await loadWebhookSamples();

/** What became of an entry, and how late the loops were meanwhile. */
export interface Came {
  readonly outcome: number | string;
  readonly delays: LoopDelays;
}

/** A service with all of its doors open, whose loop is watched. */
export class HostileWorld {
  private readonly webhooks = new Map<string, string>();
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), 'rollcall-hostile-'));
  private identityId = '';
  private previewed = '';
  private answer = '{}';

  private constructor(
    private readonly database: TestDatabase,
    private readonly pool: pg.Pool,
    private readonly queue: Producer,
    private readonly loops: WatchedLoops,
    private readonly vendor: Server,
    readonly service: ServiceProcess,
  ) {
    vendor.on('request', (asked, response) => {
      asked.resume();
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(this.answer);
    });
  }

  static async open(): Promise<HostileWorld> {
    const database = await createTestDatabase();
    const loops = await WatchedLoops.start();
    const service = await ServiceProcess.start({
      env: {
        ...loops.environment,
        DATABASE_URL: database.url,
        ROLLCALL_SECRET_KEY: freshSecretKey(),
        ROLLCALL_ADMIN_KEY: freshAdminKey(),
        ROLLCALL_PUBLIC_URL: 'https://rollcall.example',
        ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
        ROLLCALL_LOG_LEVEL: 'error',
      },
    });
    const pool = new pg.Pool({ connectionString: database.url, max: 2 });
    const vendor = createServer().listen(0, '127.0.0.1');
    const world = new HostileWorld(database, pool, producer(database.url), loops, vendor, service);
    await world.prepare();
    return world;
  }

  async close(): Promise<void> {
    await this.queue.close();
    await this.service.stop();
    this.loops.stop();
    this.vendor.closeAllConnections();
    this.vendor.close();
    await this.pool.end();
    await this.database.drop();
    rmSync(this.folder, { recursive: true });
  }

  /** Lets an entry come in at its door, and waits until what follows from it is over. */
  async take(entry: Entry): Promise<Came> {
    const content = entry.content();
    await this.loops.delays();
    const outcome = await this.enter(entry, content);
    return { outcome, delays: await this.loops.delays() };
  }

  private enter({ door }: Entry, content: string): Promise<number | string> {
    switch (door.at) {
      case 'body':
        return this.send(door.method, this.named(door.path), content, {
          'content-type': door.type ?? JSON_TYPE,
        });
      case 'request':
        return this.send('GET', this.named(content), undefined, door.headers);
      case 'webhook':
        return this.webhook(door.kind, content);
      case 'import':
        return this.import(content, door.type, door.mapping);
      case 'vendor':
        return this.askVendor(content);
      case 'preview':
        return this.preview(content, door.mapping);
      case 'job':
        return this.job(door.name, content);
      case 'apply':
        return this.apply(content);
    }
  }

  private async prepare(): Promise<void> {
    const identity = { identifier_key: 'the-one', name: 'Ada', identity_type: 'user' };
    this.identityId = (await this.service.send('POST', '/v1/identities/', { body: identity })).body.id;
    await this.connectToVendor();
    for (const { kind, settings, secrets, account } of samples.values()) {
      const body = { kind, name: kind, settings, secrets, every_seconds: null, check: false };
      const { id } = (await this.service.send('POST', '/v1/connections', { body })).body;
      await this.pool.query('update connections set account_id = $2 where id = $1', [id, account]);
      this.webhooks.set(kind, id);
    }
  }

  private async connectToVendor(): Promise<void> {
    const body = { ...this.vendorConnection('previewed'), every_seconds: null, check: false };
    this.previewed = (await this.service.send('POST', '/v1/connections', { body })).body.id;
  }

  private vendorConnection(name: string) {
    const { port } = this.vendor.address() as AddressInfo;
    const settings = { baseUrl: `http://127.0.0.1:${port}` };
    return { kind: 'hubspot', name, settings, secrets: { accessToken: 'x' } };
  }

  private named(target: string): string {
    return target.replaceAll('{id}', this.identityId);
  }

  private webhook(kind: string, content: string): Promise<number> {
    const { prove } = samples.get(kind) as WebhookSample;
    const { tail = '', headers = {} } = prove(Buffer.from(content));
    return this.send('POST', `/v1/webhooks/${kind}/${this.webhooks.get(kind)}/${tail}`, content, headers);
  }

  private async import(content: string, type: string, mapping: object): Promise<number | string> {
    const target = `/v1/imports?mapping=${encodeURIComponent(JSON.stringify(mapping))}`;
    const [status, text] = await this.ask('POST', target, content, { 'content-type': type });
    if (status !== 200) return status;
    const { id } = JSON.parse(text);
    const over = await eventually(
      async () => (await this.service.send('GET', `/v1/imports/${id}`)).body,
      ({ status }) => !['receiving', 'running'].includes(status),
      60_000,
    );
    return over.status;
  }

  /** Adds a connection, whose vendor answers this to whatever it is asked. */
  private askVendor(content: string): Promise<number> {
    this.answer = content;
    const body = JSON.stringify(this.vendorConnection(`vendor ${Math.random()}`));
    return this.send('POST', '/v1/connections', body, { 'content-type': JSON_TYPE });
  }

  /** Looks at what the vendor answers through a mapping. */
  private preview(content: string, mapping: object): Promise<number> {
    this.answer = content;
    const body = JSON.stringify({ stream: 'contacts', mapping });
    const target = `/v1/connections/${this.previewed}/preview`;
    return this.send('POST', target, body, { 'content-type': JSON_TYPE });
  }

  private async job(name: string, content: string): Promise<string> {
    const added = await this.queue.add(name, JSON.parse(content)).catch(rejectedByDatabase);
    if (!added) return 'refused';
    const { id = '' } = added;
    const state = await eventually(
      async () => (await this.queue.getJob(id))?.getState() ?? 'completed',
      (state) => state === 'completed' || state === 'failed',
      60_000,
    );
    const { rowCount } = await this.pool.query('select 1 from dead_letters where job_id = $1', [id]);
    return state === 'failed' || rowCount ? 'dead' : 'done';
  }

  private async apply(content: string): Promise<number> {
    const file = path.join(this.folder, 'rollcall.yaml');
    writeFileSync(file, content);
    const env = { ROLLCALL_URL: this.service.url, ROLLCALL_API_KEY: this.service.adminKey };
    return (await rollcall(['apply', '--file', file], env)).code ?? -1;
  }

  private async send(...asked: Parameters<HostileWorld['ask']>): Promise<number> {
    return (await this.ask(...asked))[0];
  }

  /** With node's own client: `fetch` mends paths and headers that are to come as they are. */
  private ask(
    method: string,
    target: string,
    content?: string,
    headers: Readonly<Record<string, string>> = {},
    tries = 5,
  ): Promise<[status: number, text: string]> {
    return new Promise((resolve, reject) => {
      const asking = request(this.service.url, {
        method,
        path: target,
        headers: { authorization: `Bearer ${this.service.adminKey}`, ...headers },
        agent: false,
      });
      // A service that has seen enough answers and closes; who is still sending may learn the one without the other.
      asking.on('error', (error: NodeJS.ErrnoException) => {
        if (!['EPIPE', 'ECONNRESET'].includes(error.code ?? '')) reject(error);
        else resolve(tries > 1 ? this.ask(method, target, content, headers, tries - 1) : [CUT_OFF, '']);
      });
      asking.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve([response.statusCode ?? 0, text]));
      });
      asking.end(content);
    });
  }
}

/** In place of a status: the connection was closed on whoever was still sending. That the service is well is seen at the end. */
const CUT_OFF = 0;

const JSON_TYPE = 'application/json';

/** The queue in PostgreSQL takes no NUL and no half of a character pair. */
function rejectedByDatabase(error: { readonly code?: string }): null {
  if (error.code === '22P05' || error.code === '22P02') return null;
  throw error;
}

type Producer = Pick<Queue, 'add' | 'close' | 'getJob'>;

function producer(connectionString: string): Producer {
  const { Queue: PostgresQueue } = withBackend(createPostgresBackend);
  return new PostgresQueue('identity-commands', { connection: { connectionString } });
}
