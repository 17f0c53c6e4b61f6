import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from './operation.js';
import { newRequestId, type Target, untilKnown } from './persistent-request.js';
import { scaled } from './scale.js';

export interface LoadOptions {
  readonly clients?: number;
  /** How long a client rests between two operations. */
  readonly restMs?: number;
}

/** A few hundred operations a second at most, or a hundred. */
const REST_MS = scaled(20, 100);

/** Clients that create, change and delete identities over HTTP, each doing one thing after the other until it stops. */
export class Load {
  readonly operations: Operation[] = [];
  /** How often each status was answered, or the connection broke. */
  readonly answers = new Map<number | 'none', number>();
  private readonly shared: string[] = [];
  private readonly own: string[] = [];
  private clients: Promise<void>[] = [];
  private stopping = false;

  constructor(
    private readonly targets: () => readonly Target[],
    private readonly options: LoadOptions = {},
  ) {}

  /** Resolves when the identities that all clients change are there. */
  async start(): Promise<void> {
    const { clients = 10 } = this.options;
    for (let n = this.shared.length; n < SHARED; n++) this.shared.push(await this.create());
    this.stopping = false;
    this.clients = Array.from({ length: clients }, () => this.work());
  }

  /** Lets each client bring what it does to a known end. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.clients);
  }

  get acknowledged(): number {
    return this.operations.filter(({ outcome }) => outcome.is === 'acknowledged').length;
  }

  /** Resolves when this many more operations have succeeded: the service works. */
  async works(more = 30, withinMs = 60_000): Promise<void> {
    const limit = performance.now() + withinMs;
    const wanted = this.acknowledged + more;
    while (this.acknowledged < wanted) {
      if (performance.now() > limit)
        throw new Error(
          `${wanted - this.acknowledged} of ${more} operations are still missing after ${withinMs} ms`,
        );
      await sleep(20);
    }
  }

  private async work(): Promise<void> {
    while (!this.stopping) {
      await pick(this.deeds)();
      await sleep(this.options.restMs ?? REST_MS);
    }
  }

  private readonly deeds = [
    ...times(4, async () => void this.own.push(await this.create())),
    ...times(2, () => this.create('contended-')),
    ...times(3, () => this.change(pick(this.shared), 'modify')),
    ...times(2, () => this.change(pick(this.shared), 'properties')),
    ...times(2, () => this.upsert()),
    ...times(1, () => this.remove()),
  ];

  private async create(prefix?: string): Promise<string> {
    const id = newRequestId();
    const key = prefix ? `${prefix}${Math.floor(Math.random() * 1_000)}` : `key-${id}`;
    const body = { identifier_key: key, name: id, identity_type: 'user' };
    return (await this.send('create', id, 'POST', '/v1/identities/', body)) ?? '';
  }

  /** A name of its own each time, so that there is always something to record. */
  private async upsert(): Promise<void> {
    const id = newRequestId();
    const body = {
      identifier_key: `upserted-${Math.floor(Math.random() * 5)}`,
      name: id,
      identity_type: 'user',
    };
    await this.send('upsert', id, 'PUT', '/v1/identities/', body);
  }

  private async change(identity: string, kind: 'modify' | 'properties'): Promise<void> {
    const id = newRequestId();
    const path = `/v1/identities/${identity}`;
    if (kind === 'modify') await this.send(kind, id, 'PATCH', path, { name: id });
    else await this.send(kind, id, 'PUT', `${path}/properties`, [{ key: 'last', type: 'string', value: id }]);
  }

  private async remove(): Promise<void> {
    const identity = this.own.shift();
    if (identity) await this.send('delete', newRequestId(), 'DELETE', `/v1/identities/${identity}`);
  }

  /** @returns the identity's id, when it is told */
  private async send(kind: Operation['kind'], id: string, method: string, path: string, body?: unknown) {
    const startedAt = performance.now();
    const request = { id, method, path, body };
    const { tries, longestMs, answer, outcome } = await untilKnown(this.targets, request, ({ status }) =>
      this.answers.set(status, (this.answers.get(status) ?? 0) + 1),
    );
    this.operations.push({
      id,
      kind,
      startedAt,
      endedAt: performance.now(),
      tries: tries.length,
      longestMs,
      outcome,
    });
    return (answer?.body as { id?: string } | null | undefined)?.id;
  }
}

const SHARED = 6;
const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const times = <T>(count: number, deed: T): T[] => Array.from({ length: count }, () => deed);
