import type { FastifyRequest } from 'fastify';
import { PublicUrlMissingError } from './webhooks.errors.js';

/**
 * The URL as the vendor was told: `Host` can be forged and proxies rewrite it, so it comes from the settings. On the
 * loopback interface, where fakes and tests live, the request's own address is taken.
 */
export function webhookUrl(publicUrl: string, { url, host, socket }: FastifyRequest): string {
  if (publicUrl !== '') return publicUrl + url;
  if (isLoopback(socket.remoteAddress ?? '') && isLoopback(hostName(host))) return `http://${host}${url}`;
  throw new PublicUrlMissingError();
}

const hostName = (host: string): string => host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

const isLoopback = (address: string): boolean =>
  address === 'localhost' || address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address);
