import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImportState, SentFile } from './operation.js';
import type { Target } from './persistent-request.js';

const TAKEN_WITHIN_MS = 180_000;
const SENT_WITHIN_MS = 120_000;
const MAPPING = JSON.stringify({ identifier_key: 'key', name: 'name', identity_type: '=user' });

/** Sends a file of new people until one import of it is acknowledged; what broke off before is known by its id. */
export async function sendFile(targets: () => readonly Target[], rows: number): Promise<SentFile> {
  const keyPrefix = `row-${randomBytes(4).toString('hex')}-`;
  const body = `key,name\n${Array.from({ length: rows }, (_, n) => `${keyPrefix}${n},Name ${n}\n`).join('')}`;
  const imports: ImportState[] = [];
  for (const limit = Date.now() + TAKEN_WITHIN_MS; Date.now() < limit; await sleep(300)) {
    const [target] = shuffled(targets());
    if (!target) continue;
    const id = randomUUID();
    imports.push({ id, status: 'sent', rows: NOTHING });
    if (await isTaken(target, id, body)) return { rows, keyPrefix, imports };
  }
  throw new Error(`A file broke off ${imports.length} times`);
}

async function isTaken({ url, adminKey }: Target, id: string, body: string): Promise<boolean> {
  const query = new URLSearchParams({ import_id: id, mapping: MAPPING, file_name: 'people.csv' });
  try {
    const response = await fetch(`${url}/v1/imports?${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'text/csv' },
      signal: AbortSignal.timeout(SENT_WITHIN_MS),
      body,
    });
    const { status } = response;
    await response.text();
    if (status < 500 && status !== 200 && status !== 400) throw new RefusedFileError(status);
    return status === 200;
  } catch (error) {
    if (error instanceof RefusedFileError) throw error;
    return false;
  }
}

class RefusedFileError extends Error {
  constructor(status: number) {
    super(`The file was refused with ${status}`);
  }
}

const NOTHING = { read: 0, created: 0, updated: 0, unchanged: 0, rejected: 0 };
const shuffled = <T>(list: readonly T[]): T[] => list.toSorted(() => Math.random() - 0.5);
