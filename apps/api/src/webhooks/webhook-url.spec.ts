import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { webhookUrl } from './webhook-url.js';

const PATH = '/v1/webhooks/hubspot/1?a=b';
const request = (host: string, remoteAddress: string) =>
  ({ url: PATH, host, socket: { remoteAddress } }) as unknown as FastifyRequest;

describe('the URL that a vendor signed', () => {
  it('is the public one, whatever the request says', () => {
    const url = webhookUrl('https://rollcall.example.com/in', request('evil.example', '203.0.113.5'));
    expect(url).toBe(`https://rollcall.example.com/in${PATH}`);
  });

  it.each([
    ['127.0.0.1:8283', '127.0.0.1'],
    ['localhost:8283', '::ffff:127.0.0.1'],
    ['[::1]:8283', '::1'],
  ])("is the request's own on loopback: %s", (host, address) => {
    expect(webhookUrl('', request(host, address))).toBe(`http://${host}${PATH}`);
  });

  it.each([
    ['rollcall.example.com', '127.0.0.1'],
    ['127.0.0.1:8283', '203.0.113.5'],
    ['127.0.0.1.evil.example', '127.0.0.1'],
  ])('is not known without a setting: %s from %s', (host, address) => {
    expect(() => webhookUrl('', request(host, address))).toThrow(
      expect.objectContaining({ code: 'PUBLIC_URL_MISSING' }),
    );
  });
});
