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

let loading: Promise<ReadonlyMap<string, Fakes>> | undefined;

/** The fakes of all folders that have one, by kind: nobody lists them. */
export function loadFakes(): Promise<ReadonlyMap<string, Fakes>> {
  loading ??= load();
  return loading;
}

/** Those of the vendors that send webhooks, by kind. */
export async function loadWebhookSamples(): Promise<ReadonlyMap<string, WebhookSample>> {
  const samples = [...(await loadFakes())].flatMap(([kind, { webhookSample }]) =>
    webhookSample ? [[kind, webhookSample] as const] : [],
  );
  return new Map(samples);
}

/** One after the other: jest loses modules that two imports link at the same time. */
async function load(): Promise<ReadonlyMap<string, Fakes>> {
  const loaded = new Map<string, Fakes>();
  for (const kind of readdirSync(SOURCES))
    if (existsSync(`${SOURCES}${kind}/fake/index${EXTENSION}`))
      loaded.set(kind, (await import(`../${kind}/fake/index.js`)) as Fakes);
  return loaded;
}

const SOURCES = fileURLToPath(new URL('../', import.meta.url));

/** `.ts` among the sources, `.js` in dist. */
const EXTENSION = path.extname(import.meta.url);
