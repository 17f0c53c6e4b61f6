import type { Socket } from 'node:net';
import pg from 'pg';
import { databaseLimits } from './database-limits.js';
import { translated } from './database-unavailable.js';

/** What pg calls an answer that did not come within `query_timeout`. */
const SILENCE = 'Query read timeout';

type Callback = (error: Error | null | undefined, ...rest: unknown[]) => void;

/**
 * A connection that never outlives its use: one that could not be made, or that fell silent, is cut on the spot (pg
 * leaves the first open until the server loses patience, and would hand the second to the next caller), and one that is
 * closed does not wait for a peer that may be gone. What tells of an outage is a DatabaseUnavailableError, with what was
 * said as its cause.
 */
export class BoundedClient extends pg.Client {
  /** True behind a transaction pooler, where a statement's name may meet another session. */
  private readonly unnamed: boolean;
  /** Told when an answer did not come. */
  onSilent: (() => void) | undefined;
  /** Told of every error that a statement met. */
  onError: ((error: Error) => void) | undefined;

  constructor(config: pg.ClientConfig & { readonly unnamed?: boolean }) {
    super(config);
    this.unnamed = config.unnamed === true;
  }

  /** Lets statements take any time from now on; somebody else has to see to it that they end. */
  waitWithoutLimit(): void {
    (
      this as unknown as { connectionParameters: { query_timeout: number } }
    ).connectionParameters.query_timeout = 0;
  }

  /** Ends the connection without a word. Whoever waits for it learns of it as of any lost connection. */
  cut(): void {
    this.socket.destroy();
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg overloads `connect` and `query`; all are passed through
  override connect(callback?: any): any {
    const connect = super.connect as (callback: Callback) => void;
    const attempt = new Promise<void>((resolve, reject) => {
      connect.call(this, (error) => {
        if (error) this.cut();
        callback?.(error);
        if (error && !callback) reject(error);
        else resolve();
      });
    });
    return callback ? undefined : attempt;
  }

  // biome-ignore lint/suspicious/noExplicitAny: see connect
  override query(...args: any[]): any {
    if (this.unnamed && typeof args[0] === 'object' && args[0]?.name)
      args[0] = { ...args[0], name: undefined };
    const last = args.at(-1);
    if (typeof last === 'function') args[args.length - 1] = this.judging(last as Callback);
    const answer = (super.query as (...all: unknown[]) => unknown).apply(this, args);
    if (!isPromise(answer)) return answer;
    return answer.catch((error: Error) => {
      throw this.judged(error);
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: see connect
  override end(callback?: any): any {
    const socket = this.socket;
    const late = setTimeout(() => socket.destroy(), databaseLimits.close);
    late.unref();
    socket.once('close', () => clearTimeout(late));
    return callback ? super.end(callback) : super.end();
  }

  private get socket(): Socket {
    return (this as unknown as { connection: { stream: Socket } }).connection.stream;
  }

  private judging(callback: Callback): Callback {
    return (error, ...rest) => callback(error && this.judged(error), ...rest);
  }

  private judged(error: Error): Error {
    this.onError?.(error);
    if (error.message === SILENCE) {
      this.cut();
      this.onSilent?.();
    }
    return translated(error) as Error;
  }
}

/** By what it can do: a test's or a worker's realm has a Promise of its own. */
export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as { catch?: unknown } | undefined)?.catch === 'function';
