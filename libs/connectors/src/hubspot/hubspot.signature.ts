import { createHash, createHmac } from 'node:crypto';
import { sameText } from '../ground/http/same-text.js';
import type { VerifyResult, WebhookDelivery } from '../port/webhook.js';

/** HubSpot's own tolerance, taken both ways: a timestamp from the future is as suspect as an old one. */
export const MAX_AGE_MS = 5 * 60 * 1000;

/**
 * Checks HubSpot's signature over the raw bytes against each secret. A delivery that carries a v3 signature
 * is judged by it alone, so that stripping nothing but the timestamp cannot make an old one pass by v1.
 */
export function verifyHubSpotSignature(
  delivery: WebhookDelivery,
  secrets: readonly string[],
  now: Date,
): VerifyResult {
  if (secrets.length === 0) return { ok: false, reason: 'no_secret' };
  const v3 = header(delivery, 'x-hubspot-signature-v3');
  if (v3 !== undefined) return verifyV3(delivery, v3, secrets, now);
  const signature = header(delivery, 'x-hubspot-signature');
  if (signature === undefined) return { ok: false, reason: 'missing_signature' };
  const scheme = header(delivery, 'x-hubspot-signature-version') === 'v2' ? 'v2' : 'v1';
  const sign = scheme === 'v2' ? signatureV2 : signatureV1;
  return matched(
    scheme,
    secrets.some((secret) => sameText(sign(secret, delivery), signature)),
  );
}

type Signed = Pick<WebhookDelivery, 'method' | 'url' | 'rawBody'>;

export function signatureV1(secret: string, { rawBody }: Pick<Signed, 'rawBody'>): string {
  return createHash('sha256').update(secret).update(rawBody).digest('hex');
}

export function signatureV2(secret: string, { method, url, rawBody }: Signed): string {
  return createHash('sha256')
    .update(secret + method + url)
    .update(rawBody)
    .digest('hex');
}

export function signatureV3(secret: string, { method, url, rawBody }: Signed, timestamp: string): string {
  return createHmac('sha256', secret)
    .update(method + signedUrl(url))
    .update(rawBody)
    .update(timestamp)
    .digest('base64');
}

function verifyV3(
  delivery: WebhookDelivery,
  signature: string,
  secrets: readonly string[],
  now: Date,
): VerifyResult {
  const timestamp = header(delivery, 'x-hubspot-request-timestamp') ?? '';
  const age = /^\d{1,16}$/.test(timestamp)
    ? Math.abs(now.getTime() - Number(timestamp))
    : Number.POSITIVE_INFINITY;
  if (age > MAX_AGE_MS) return { ok: false, reason: 'stale_timestamp' };
  return matched(
    'v3',
    secrets.some((secret) => sameText(signatureV3(secret, delivery, timestamp), signature)),
  );
}

function matched(scheme: string, ok: boolean): VerifyResult {
  return ok ? { ok, scheme } : { ok, reason: 'bad_signature' };
}

/** HubSpot signs the URL without its fragment, and with these characters of the query decoded. */
function signedUrl(url: string): string {
  const [withoutFragment = ''] = url.split('#', 1);
  const start = withoutFragment.indexOf('?');
  if (start < 0) return withoutFragment;
  const query = withoutFragment
    .slice(start)
    .replace(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, decodeURIComponent);
  return withoutFragment.slice(0, start) + query;
}

function header(delivery: WebhookDelivery, name: string): string | undefined {
  const value = delivery.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
