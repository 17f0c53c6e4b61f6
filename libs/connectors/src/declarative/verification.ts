import { createHash, createHmac } from 'node:crypto';
import { sameText } from '../ground/http/same-text.js';
import type { VerifyResult, WebhookDelivery } from '../port/webhook.js';
import { parseDate } from './date-format.js';
import { fillTemplate, type Scope } from './template.js';
import type { SignedVerification, Verification } from './webhook.schema.js';

/** Holds one delivery against the descriptor; every comparison takes the same time, whatever it finds. */
export function verifyDelivery(
  verification: Verification,
  delivery: WebhookDelivery,
  scope: Scope,
  now: Date,
): VerifyResult {
  switch (verification.type) {
    case 'none':
      return { ok: true, scheme: 'none' };
    case 'path':
      return verifyPath(keysOf(verification.keys, scope), delivery);
    case 'basic':
      return verifyBasic(
        String(fillTemplate(verification.username, scope) ?? ''),
        keysOf(verification.passwords, scope),
        delivery,
      );
    default:
      return verifySignature(verification, keysOf(verification.keys, scope), delivery, now);
  }
}

/** What a vendor puts into the signature header, without its prefix. */
export function signatureOf(
  verification: SignedVerification,
  key: string,
  delivery: Pick<WebhookDelivery, 'method' | 'url' | 'headers' | 'rawBody'>,
): string {
  const { type, alg, encoding } = verification;
  const hash = type === 'hmac' ? createHmac(alg, keyBytes(verification, key)) : createHash(alg);
  for (const part of verification.parts) hash.update(bytesOf(part, verification, key, delivery));
  return hash.digest(encoding);
}

function verifySignature(
  verification: SignedVerification,
  keys: readonly string[],
  delivery: WebhookDelivery,
  now: Date,
): VerifyResult {
  if (keys.length === 0) return { ok: false, reason: 'no_secret' };
  const given = header(delivery, verification.header);
  if (given === '') return { ok: false, reason: 'missing_signature' };
  if (isStale(verification, delivery, now)) return { ok: false, reason: 'stale_timestamp' };
  const candidates = signaturesIn(verification, given);
  const matches = keys.map((key) => {
    const expected = signatureOf(verification, key, delivery);
    return candidates.map((candidate) => sameText(expected, candidate)).includes(true);
  });
  return matches.includes(true)
    ? { ok: true, scheme: `${verification.type}-${verification.alg}` }
    : { ok: false, reason: 'bad_signature' };
}

/** A prefix that is missing makes a signature of another scheme, which counts for nothing. */
function signaturesIn({ separator, prefix = '', wrapped }: SignedVerification, given: string): string[] {
  const text = wrapped ? behind(Buffer.from(given, 'base64').toString('utf8'), wrapped.after) : given;
  return (separator ? text.split(separator) : [text])
    .map((part) => part.trim())
    .filter((part) => part.startsWith(prefix))
    .map((part) => part.slice(prefix.length));
}

function behind(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at < 0 ? '' : text.slice(at + mark.length);
}

/** As far into the future as into the past: a clock that is ahead must not keep a delivery good for longer. */
function isStale({ timestamp }: SignedVerification, delivery: WebhookDelivery, now: Date): boolean {
  if (!timestamp) return false;
  const format = { s: 'unix_s', ms: 'unix_ms', iso: 'iso' } as const;
  const at = parseDate(header(delivery, timestamp.header), format[timestamp.unit]);
  return at === null || Math.abs(now.getTime() - at.getTime()) > timestamp.toleranceS * 1000;
}

function bytesOf(
  part: string,
  { timestamp }: SignedVerification,
  key: string,
  delivery: Pick<WebhookDelivery, 'method' | 'url' | 'headers' | 'rawBody'>,
): string | Buffer {
  switch (part) {
    case 'method':
      return delivery.method.toUpperCase();
    case 'url':
      return delivery.url.replace(/#.*$/s, '');
    case 'body':
      return delivery.rawBody;
    case 'key':
      return key;
    case 'timestamp':
      return header(delivery, timestamp?.header ?? '');
    default:
      return part.startsWith('header:')
        ? header(delivery, part.slice('header:'.length))
        : part.slice('literal:'.length);
  }
}

function verifyPath(keys: readonly string[], { tail }: WebhookDelivery): VerifyResult {
  if (keys.length === 0) return { ok: false, reason: 'no_secret' };
  const [given = ''] = tail.split('/');
  if (given === '') return { ok: false, reason: 'missing_signature' };
  const matches = keys.map((key) => sameText(key, given));
  return matches.includes(true) ? { ok: true, scheme: 'path' } : { ok: false, reason: 'bad_signature' };
}

function verifyBasic(
  username: string,
  passwords: readonly string[],
  delivery: WebhookDelivery,
): VerifyResult {
  if (passwords.length === 0) return { ok: false, reason: 'no_secret' };
  const [scheme = '', given = ''] = header(delivery, 'authorization').split(' ');
  if (scheme.toLowerCase() !== 'basic') return { ok: false, reason: 'missing_signature' };
  const matches = passwords.map((password) =>
    sameText(Buffer.from(`${username}:${password}`).toString('base64'), given),
  );
  return matches.includes(true) ? { ok: true, scheme: 'basic' } : { ok: false, reason: 'bad_signature' };
}

/** An empty key would let anybody sign. */
function keysOf(templates: readonly string[], scope: Scope): string[] {
  return templates
    .flatMap((template) => fillTemplate(template, scope))
    .filter((key): key is string => typeof key === 'string' && key !== '');
}

function keyBytes({ keyEncoding, keyPrefix = '' }: SignedVerification, key: string): Buffer {
  return Buffer.from(key.startsWith(keyPrefix) ? key.slice(keyPrefix.length) : key, keyEncoding);
}

function header({ headers }: Pick<WebhookDelivery, 'headers'>, name: string): string {
  const value = headers[name.toLowerCase()];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
