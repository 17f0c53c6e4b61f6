import { createHmac } from 'node:crypto';

export type SampleEvent = Record<string, unknown>;

/** A vendor's webhooks as tests send them themselves, without its fake. */
export interface WebhookSample {
  readonly kind: string;
  readonly settings: SampleEvent;
  readonly secrets: SampleEvent;
  readonly account: string;
  /** Whether one delivery holds many events. */
  readonly many: boolean;
  readonly event: (id: number) => SampleEvent;
  /** With this text where the vendor's own texts go into what is stored. */
  readonly withText: (event: SampleEvent, text: string) => SampleEvent;
  readonly withTime?: (event: SampleEvent, time: Date) => SampleEvent;
  readonly prove: (rawBody: Buffer) => { tail?: string; headers?: Record<string, string> };
}

export const SAMPLE_SECRET = 'a-secret-for-webhooks-0001';
export const SAMPLE_BASE = { baseUrl: 'https://crm.example.com' };

export const sampleHmac = (algorithm: string, body: Buffer): string =>
  createHmac(algorithm, SAMPLE_SECRET).update(body).digest('hex');

export const changeOf = (event: SampleEvent, change: SampleEvent, within: string): SampleEvent => ({
  ...event,
  [within]: { ...(event[within] as SampleEvent), ...change },
});
