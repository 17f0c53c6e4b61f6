import { z } from 'zod';

export interface ApiRequest<Answer> {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** What the answer must look like. */
  readonly answer: z.ZodType<Answer>;
}

/** A running service, as its command line reaches it. */
export class ApiClient {
  /** @param environment `ROLLCALL_URL` (default http://127.0.0.1:8283) and `ROLLCALL_API_KEY` */
  constructor(private readonly environment: NodeJS.ProcessEnv = process.env) {}

  get<Answer>(path: string, request: ApiRequest<Answer>): Promise<Answer> {
    return this.send('GET', path, request);
  }

  post<Answer>(path: string, request: ApiRequest<Answer>): Promise<Answer> {
    return this.send('POST', path, request);
  }

  /** For bodies and answers that are no JSON. @throws ApiUnreachableError, ApiRefusedError */
  async exchange(
    path: string,
    { headers, ...init }: RequestInit & { duplex?: 'half' } = {},
  ): Promise<Response> {
    const base = this.environment.ROLLCALL_URL || 'http://127.0.0.1:8283';
    const authorized = new Headers(headers);
    authorized.set('authorization', `Bearer ${this.key()}`);
    const response = await fetch(new URL(path, base), { ...init, headers: authorized }).catch(
      (cause: unknown) => {
        throw new ApiUnreachableError(base, { cause });
      },
    );
    if (!response.ok) throw new ApiRefusedError(response.status, await detailOf(response));
    return response;
  }

  private async send<Answer>(method: string, path: string, request: ApiRequest<Answer>): Promise<Answer> {
    const { query = {}, body, answer } = request;
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    );
    const search = given.length > 0 ? `?${new URLSearchParams(given)}` : '';
    const json =
      body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await this.exchange(`${path}${search}`, { method, ...json });
    return answer.parse(await response.json());
  }

  private key(): string {
    const { ROLLCALL_API_KEY: key } = this.environment;
    if (!key) throw new ApiKeyMissingError();
    return key;
  }
}

const Refusal = z.object({ detail: z.string() });

async function detailOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return Refusal.parse(JSON.parse(text)).detail;
  } catch {
    return text.slice(0, 500) || response.statusText;
  }
}

export class ApiKeyMissingError extends Error {
  override readonly name = 'ApiKeyMissingError';
  readonly code = 'API_KEY_MISSING';
  constructor() {
    super('Set ROLLCALL_API_KEY to an API key; `rollcall keys create` makes one');
  }
}

export class ApiUnreachableError extends Error {
  override readonly name = 'ApiUnreachableError';
  readonly code = 'API_UNREACHABLE';
  constructor(url: string, options: ErrorOptions) {
    super(`Nothing answers at ${url}; start the service, or set ROLLCALL_URL to where it is`, options);
  }
}

/** The service answered, and refused. */
export class ApiRefusedError extends Error {
  override readonly name = 'ApiRefusedError';
  readonly code = 'API_REFUSED';
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(`${detail} (${status})`);
  }
}
