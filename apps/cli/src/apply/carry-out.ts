import { z } from 'zod';
import type { ApiClient } from '../api-client.js';
import { ConnectionAnswer } from '../connections/connection-calls.js';
import { type ConnectionPlan, isPaused, scheduleOf } from './plan-changes.js';
import type { WantedConnection } from './read-declaration.js';

type Update = Extract<ConnectionPlan, { action: 'update' | 'unchanged' }>;

/** Does what the plan of one connection says. */
export async function carryOut(api: ApiClient, plan: ConnectionPlan, check: boolean): Promise<void> {
  switch (plan.action) {
    case 'create':
      return create(api, plan.wanted, check);
    case 'update':
      return update(api, plan, check);
    case 'remove':
      await api.call('DELETE', `/v1/connections/${plan.held.id}`, z.null());
      return;
    case 'unchanged':
    case 'keep':
      return;
  }
}

async function create(api: ApiClient, wanted: WantedConnection, check: boolean): Promise<void> {
  const { schedule, paused, secrets = {}, ...fields } = wanted;
  // A connection that shall rest must not start its first run in between: its schedule comes after the pause.
  const rests = paused === true;
  const body = { ...fields, secrets, check, ...(rests ? { every_seconds: null } : schedule) };
  const { id } = await api.call('POST', '/v1/connections', ConnectionAnswer, body);
  if (!rests) return;
  await api.call('POST', `/v1/connections/${id}/pause`, ConnectionAnswer);
  await patch(api, id, schedule ?? { every_seconds: DEFAULT_EVERY_SECONDS });
}

/** What a connection without a schedule of its own has: as the service does it. */
const DEFAULT_EVERY_SECONDS = 900;

/** Pausing comes first and resuming last, so that nothing runs with half of the changes. */
async function update(api: ApiClient, { held, wanted, changes }: Update, check: boolean): Promise<void> {
  const { id } = held;
  const touched = (part: string) =>
    changes.some(({ field }) => field === part || field.startsWith(`${part}.`));
  const act = (verb: 'pause' | 'resume') =>
    api.call('POST', `/v1/connections/${id}/${verb}`, ConnectionAnswer);
  if (touched('paused') && wanted.paused) await act('pause');
  if (touched('secrets')) {
    const secrets = { ...nothings(held.secret_fingerprints), ...wanted.secrets };
    await api.call('POST', `/v1/connections/${id}/secrets`, ConnectionAnswer, { secrets, check });
    // New secrets let a connection go on; one that was paused stays so.
    if (isPaused(held) && wanted.paused !== false) await act('pause');
  }
  const changed = {
    ...(touched('settings') && { settings: { ...nothings(held.settings), ...wanted.settings } }),
    ...(touched('mapping') && { mapping: { ...nothings(held.mapping), ...wanted.mapping } }),
    ...(touched('schedule') && { ...scheduleOf(held), ...wanted.schedule }),
    ...(touched('policies') && { policies: wanted.policies }),
  };
  if (Object.keys(changed).length > 0) await patch(api, id, { ...changed, check });
  if (touched('paused') && !wanted.paused) await act('resume');
}

const patch = (api: ApiClient, id: string, body: object) =>
  api.call('PATCH', `/v1/connections/${id}`, ConnectionAnswer, body);

/** Null takes away what is not declared. */
const nothings = (held: object) => Object.fromEntries(Object.keys(held).map((name) => [name, null]));
