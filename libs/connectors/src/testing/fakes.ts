import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FakeStarter } from './fake-starter.js';
import type { Journey } from './journey.js';
import type { WebhookSample } from './webhook-sample.js';

/** What `fake/index.ts` of a connector's folder exports for everybody who tries each vendor in turn. */
export interface Fakes {
  readonly starter: FakeStarter;
  readonly journey: Journey;
  /** Absent: the vendor sends nothing. */
  readonly webhookSample?: WebhookSample;
}

/** Those of the vendors that send webhooks, by kind. */
export async function loadWebhookSamples(): Promise<ReadonlyMap<string, WebhookSample>> {
  const samples = [...(await loadFakes())].flatMap(([kind, { webhookSample }]) =>
    webhookSample ? [[kind, webhookSample] as const] : [],
  );
  return new Map(samples);
}

/** The fakes of all folders that have one, by kind: nobody lists them. */
export async function loadFakes(): Promise<ReadonlyMap<string, Fakes>> {
  const kinds = readdirSync(SOURCES).filter((folder) =>
    existsSync(`${SOURCES}${folder}/fake/index${EXTENSION}`),
  );
  const loaded = await Promise.all(
    kinds.map(async (kind) => [kind, (await import(`../${kind}/fake/index.js`)) as Fakes] as const),
  );
  return new Map(loaded);
}

const SOURCES = fileURLToPath(new URL('../', import.meta.url));

/** `.ts` among the sources, `.js` in dist. */
const EXTENSION = path.extname(import.meta.url);
