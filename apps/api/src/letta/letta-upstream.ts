import type { z } from 'zod';
import { AgentState, BlockResponse } from './letta.wire.js';
import type { LettaObjects } from './letta-objects.js';
import { UpstreamFailedError, UpstreamTimeoutError } from './upstream.errors.js';

export interface LettaUpstreamOptions {
  /** `LETTA_UPSTREAM_URL`, with or without a slash at the end. */
  readonly url: string;
  readonly key?: string | undefined;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/** Agents and blocks as the Letta server that owns them answers. */
export class LettaUpstream implements LettaObjects {
  private readonly base: string;
  private readonly timeoutMs: number;

  constructor(private readonly options: LettaUpstreamOptions) {
    this.base = options.url.replace(/\/+$/, '');
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  agent(id: string, include: readonly string[] = []) {
    const query = new URLSearchParams(include.map((part): [string, string] => ['include', part]));
    return this.fetch(`/v1/agents/${id}${query.size > 0 ? `?${query}` : ''}`, AgentState);
  }

  block(id: string) {
    return this.fetch(`/v1/blocks/${id}`, BlockResponse);
  }

  /** @throws UpstreamFailedError, UpstreamTimeoutError */
  private async fetch<Shape extends z.ZodType>(
    path: string,
    shape: Shape,
  ): Promise<z.output<Shape> | undefined> {
    const response = await this.ask(path);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new UpstreamFailedError(`answered ${response.status}`);
    const parsed = shape.safeParse(await this.json(response));
    if (!parsed.success) throw new UpstreamFailedError('answered something that is not what was asked for');
    return parsed.data;
  }

  private async ask(path: string): Promise<Response> {
    const { key } = this.options;
    try {
      return await fetch(`${this.base}${path}`, {
        headers: { accept: 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
        signal: AbortSignal.timeout(this.timeoutMs),
        redirect: 'error',
      });
    } catch (cause) {
      throw this.failure('could not be reached', cause);
    }
  }

  private async json(response: Response): Promise<unknown> {
    try {
      return await response.json();
    } catch (cause) {
      throw this.failure('answered no JSON', cause);
    }
  }

  private failure(what: string, cause: unknown): Error {
    const late = cause instanceof Error && cause.name === 'TimeoutError';
    return late
      ? new UpstreamTimeoutError(this.timeoutMs, { cause })
      : new UpstreamFailedError(what, { cause });
  }
}
