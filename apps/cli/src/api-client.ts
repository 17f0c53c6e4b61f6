import { STATUS_CODES } from 'node:http';
import { z } from 'zod';

const Environment = z.object({
  ROLLCALL_URL: z
    .url({ protocol: /^https?$/, error: 'expected the address of a running service' })
    .default('http://127.0.0.1:8283')
    .transform((url) => url.replace(/\/+$/, '')),
  ROLLCALL_API_KEY: z
    .string({ error: 'expected an API key (the first start prints one; `rollcall keys create` makes more)' })
    .min(1),
});

/** A refusal of the service, in its own words. */
export class ApiRefusedError extends Error {
  override readonly name = 'ApiRefusedError';
  readonly code = 'API_REFUSED';
  constructor(
    readonly status: number,
    readonly detail: string,
    /** The service's own code (docs/errors.md). */
    readonly reason?: string,
  ) {
    super(`${detail} (${[status, ...(reason ? [reason] : [])].join(' ')})`);
  }

  /** From the body of the answer; of one that is not the service's, its status is all there is to say. */
  static of(status: number, body: string): ApiRefusedError {
    const { detail, code } = refusalIn(body);
    return new ApiRefusedError(status, detail ?? STATUS_CODES[status] ?? 'The request was refused', code);
  }
}

const Refusal = z.object({ detail: z.string(), code: z.string().optional() });

function refusalIn(body: string): Partial<z.output<typeof Refusal>> {
  try {
    return Refusal.parse(JSON.parse(body));
  } catch {
    // Something in front of the service answered.
    return {};
  }
}

export class ApiUnreachableError extends Error {
  override readonly name = 'ApiUnreachableError';
  readonly code = 'API_UNREACHABLE';
  constructor(url: string, options: ErrorOptions) {
    super(`No answer from ${url}; is Rollcall running there? ROLLCALL_URL says where it is`, options);
  }
}

export class ApiSettingsError extends Error {
  override readonly name = 'ApiSettingsError';
  readonly code = 'API_SETTINGS';
}

/** Speaks to a running service, for the commands that need one. */
export class ApiClient {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  /** From `ROLLCALL_URL` and `ROLLCALL_API_KEY`. */
  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): ApiClient {
    const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
    const parsed = Environment.safeParse(set);
    if (parsed.success) return new ApiClient(parsed.data.ROLLCALL_URL, parsed.data.ROLLCALL_API_KEY);
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new ApiSettingsError(faults.join('\n'));
  }

  /** Sends JSON and parses the answer. @throws ApiRefusedError, ApiUnreachableError */
  async call<Answer extends z.ZodType>(
    method: string,
    path: string,
    answer: Answer,
    body?: unknown,
  ): Promise<z.output<Answer>> {
    const json = { 'content-type': 'application/json' };
    const init = body === undefined ? {} : { body: JSON.stringify(body), headers: json };
    const response = await this.send(method, path, init);
    return answer.parse(await response.json());
  }

  /** The bare exchange, for bodies and answers that are streams. Anything but a 2xx is thrown. */
  async send(
    method: string,
    path: string,
    init: Omit<RequestInit, 'method' | 'headers'> & { readonly headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.key}` };
    const response = await fetch(`${this.url}${path}`, { ...init, method, headers }).catch(
      (cause: unknown) => {
        throw new ApiUnreachableError(this.url, { cause });
      },
    );
    if (response.ok) return response;
    throw ApiRefusedError.of(response.status, await response.text());
  }
}
