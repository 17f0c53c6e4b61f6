import { fileURLToPath } from 'node:url';
import { startChild } from '../http/processes.mjs';

const program = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The least that can keep the same row. */
export async function startBareInbox(databaseUrl) {
  const { ask, stop } = startChild(program('./bare-inbox.mjs'));
  const { url } = await ask({ databaseUrl });
  return { url, secret: 'none', portalId: 1, stop };
}

/** Sends signed webhooks from a process of its own; answers `{ p50, p99 }` in milliseconds. */
export function startSender() {
  const { ask, stop } = startChild(program('./sender.mjs'));
  const send = async ({ url, secret, portalId, seconds, rate }) => {
    const { failed, ...quantiles } = await ask({ url, secret, portalId, seconds, rate });
    if (failed) throw new Error(failed);
    return quantiles;
  };
  return { send, stop };
}
