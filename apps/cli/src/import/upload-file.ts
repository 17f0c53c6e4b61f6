import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type ImportOnTheWire, ImportShape } from '#imports';
import { type ApiClient, ApiRefusedError, ApiUnreachableError } from '../api-client.js';

/**
 * Sends a file no faster than the service takes it. Not by `fetch`: that gives up on a server which, while it is
 * still being sent something, has not answered for five minutes.
 */
export function uploadFile(api: ApiClient, path: string, source: Readable): Promise<ImportOnTheWire> {
  const { request } = api.url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const sending = request(`${api.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/octet-stream' },
    });
    let answered = false;
    sending.once('response', (response) => {
      answered = true;
      // It may answer before it has everything: with a refusal, or because the import was cancelled.
      answerOf(response)
        .then(resolve, reject)
        .finally(() => source.destroy());
    });
    pipeline(source, sending).catch((cause: NodeJS.ErrnoException) => {
      if (!answered) reject(failureOf(api, cause));
    });
  });
}

async function answerOf(response: IncomingMessage): Promise<ImportOnTheWire> {
  const status = response.statusCode ?? 0;
  const body = await text(response);
  if (status >= 200 && status < 300) return ImportShape.parse(JSON.parse(body));
  throw ApiRefusedError.of(status, body);
}

const failureOf = (api: ApiClient, cause: NodeJS.ErrnoException): Error =>
  cause.syscall === 'read' && cause.code !== 'ECONNRESET'
    ? cause
    : new ApiUnreachableError(api.url, { cause });
