export interface WebhookPost {
  readonly url: string;
  readonly body: string | Buffer;
  /** Beside `content-type: application/json`, or in its place. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** What the receiver answered. Refused, cut or too slow are one thing to every vendor: it could not be reached. */
export type PostAnswer = { readonly status: number; readonly text: string } | 'unreachable';

/** One attempt of a fake to send a webhook: redirects are answers, as to the vendors, and are not followed. */
export async function postWebhook({ url, body, headers, timeoutMs }: WebhookPost): Promise<PostAnswer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: typeof body === 'string' ? body : new Uint8Array(body),
      headers: { 'content-type': 'application/json', ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return 'unreachable'; // Recorded as that by whoever sent it.
  }
}

/** The same, by its status alone. */
export async function statusOfPost(post: WebhookPost): Promise<number | 'unreachable'> {
  const answer = await postWebhook(post);
  return answer === 'unreachable' ? answer : answer.status;
}
