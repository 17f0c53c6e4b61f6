import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { signatureV1, signatureV2, signatureV3, verifyHubSpotSignature } from './hubspot.signature.js';

const SECRET = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const URL_ = 'https://www.example.com/webhook_uri';
const TIMESTAMP = '1564113600000';
const BODY = Buffer.from(
  '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]',
);
const NOW = new Date(Number(TIMESTAMP));

describe('HubSpot signatures', () => {
  it('v1 gives what HubSpot documents', () => {
    expect(signatureV1(SECRET, { rawBody: BODY })).toBe(
      '232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de',
    );
  });

  it('v2 gives what HubSpot documents', () => {
    expect(signatureV2(SECRET, { method: 'GET', url: URL_, rawBody: Buffer.alloc(0) })).toBe(
      'eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e',
    );
  });

  it('v3 gives what the official SDK computes', () => {
    expect(signatureV3(SECRET, { method: 'POST', url: URL_, rawBody: BODY }, TIMESTAMP)).toBe(
      'DxmVAjFNa2xfF3YgQjdZP6TNcok9k1oaH7UXombPtvw=',
    );
  });

  it('v3 signs the URL without its fragment and with some characters of the query decoded', () => {
    const signed = (url: string) => signatureV3(SECRET, { method: 'POST', url, rawBody: BODY }, TIMESTAMP);
    expect(signed(`${URL_}?to=a%3Ab%2Fc%40d&keep=%20%26#part`)).toBe(
      signed(`${URL_}?to=a:b/c@d&keep=%20%26`),
    );
    expect(signed(`${URL_}/a%2Fb`)).not.toBe(signed(`${URL_}/a/b`));
  });
});

describe('verification', () => {
  it('accepts v3 with any of the secrets', () => {
    expect(verifyHubSpotSignature(v3(), [SECRET], NOW)).toEqual({ ok: true, scheme: 'v3' });
    expect(verifyHubSpotSignature(v3(), ['another', SECRET], NOW)).toEqual({ ok: true, scheme: 'v3' });
  });

  it.each([299_999, 300_000])('accepts a timestamp %d ms away, either way', (ms) => {
    for (const now of [Number(TIMESTAMP) + ms, Number(TIMESTAMP) - ms])
      expect(verifyHubSpotSignature(v3(), [SECRET], new Date(now)).ok).toBe(true);
  });

  it.each([300_001, 86_400_000])('refuses a timestamp %d ms away, either way', (ms) => {
    for (const now of [Number(TIMESTAMP) + ms, Number(TIMESTAMP) - ms])
      expect(verifyHubSpotSignature(v3(), [SECRET], new Date(now))).toEqual({
        ok: false,
        reason: 'stale_timestamp',
      });
  });

  it.each(['', 'soon', '-1', '1e12', '1564113600000.5'])('refuses the timestamp "%s"', (timestamp) => {
    const delivery = v3({ 'x-hubspot-request-timestamp': timestamp });
    expect(verifyHubSpotSignature(delivery, [SECRET], NOW)).toEqual({ ok: false, reason: 'stale_timestamp' });
  });

  it('accepts v1 and v2 where there is no v3', () => {
    const v1 = { 'x-hubspot-signature': signatureV1(SECRET, { rawBody: BODY }) };
    expect(verifyHubSpotSignature(delivery(v1), [SECRET], NOW)).toEqual({ ok: true, scheme: 'v1' });
    const v2 = {
      'x-hubspot-signature': signatureV2(SECRET, { method: 'POST', url: URL_, rawBody: BODY }),
      'x-hubspot-signature-version': 'v2',
    };
    expect(verifyHubSpotSignature(delivery(v2), [SECRET], NOW)).toEqual({ ok: true, scheme: 'v2' });
  });

  it('does not fall back to v1 when the v3 signature is wrong', () => {
    const both = v3({
      'x-hubspot-signature-v3': 'wrong',
      'x-hubspot-signature': signatureV1(SECRET, { rawBody: BODY }),
    });
    expect(verifyHubSpotSignature(both, [SECRET], NOW)).toEqual({ ok: false, reason: 'bad_signature' });
  });

  it('says so when there is nothing to check, or nothing to check with', () => {
    expect(verifyHubSpotSignature(delivery({}), [SECRET], NOW)).toEqual({
      ok: false,
      reason: 'missing_signature',
    });
    expect(verifyHubSpotSignature(v3(), [], NOW)).toEqual({ ok: false, reason: 'no_secret' });
  });

  it('refuses any other signature, of any length, without throwing', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (signature) => {
        const refused = verifyHubSpotSignature(v3({ 'x-hubspot-signature-v3': signature }), [SECRET], NOW);
        expect(refused).toEqual({ ok: false, reason: 'bad_signature' });
      }),
    ));

  it('refuses a body in which any one byte differs', () =>
    fc.assert(
      fc.property(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const rawBody = Buffer.from(BODY);
        rawBody[at] = (rawBody[at] ?? 0) ^ flip;
        expect(verifyHubSpotSignature({ ...v3(), rawBody }, [SECRET], NOW).ok).toBe(false);
      }),
    ));
});

function v3(headers: Record<string, string> = {}) {
  return delivery({
    'x-hubspot-signature-v3': signatureV3(SECRET, { method: 'POST', url: URL_, rawBody: BODY }, TIMESTAMP),
    'x-hubspot-request-timestamp': TIMESTAMP,
    ...headers,
  });
}

function delivery(headers: Record<string, string>) {
  return { method: 'POST', url: URL_, tail: '', rawBody: BODY, headers };
}
