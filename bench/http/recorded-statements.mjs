import { PostgresEventStore } from '#event-sourcing';
import {
  CreateIdentity,
  CreateIdentityHandler,
  GetIdentity,
  GetIdentityHandler,
  IdentityReads,
  IdentityRepository,
  identityProjection,
  ListIdentities,
  ListIdentitiesHandler,
  ModifyIdentity,
  ModifyIdentityHandler,
} from '#identity';
import { idOf, keyOf } from '../database/roster.mjs';

/** `name` when it is sent as a prepared statement. @typedef {{ name?: string, text: string, values: unknown[] }} Statement */

/**
 * The statements that Rollcall's own commands and queries send, recorded from them: what the others are given to run.
 * @returns {Promise<{ create: Statement, load: Statement, modify: Statement, retrieve: Statement, byKey: Statement, list: Statement }>}
 */
export async function recordStatements() {
  const [create] = await recorded(({ identities }) =>
    new CreateIdentityHandler(identities).execute(new CreateIdentity(person, context)),
  );
  const [load, modify] = await recorded(({ identities }) =>
    new ModifyIdentityHandler(identities).execute(new ModifyIdentity(idOf(1), patch, context)),
  );
  const [retrieve] = await recorded(({ reads }) =>
    new GetIdentityHandler(reads).execute(new GetIdentity(idOf(1), 'all')),
  );
  const [byKey] = await recorded(({ reads }) =>
    new ListIdentitiesHandler(reads).execute(new ListIdentities({ identifierKey: keyOf(1) }, page, 'all')),
  );
  const [list] = await recorded(({ reads }) =>
    new ListIdentitiesHandler(reads).execute(new ListIdentities({}, page, 'all')),
  );
  return { create, load, modify, retrieve, byKey, list };
}

/** @returns {Promise<Statement[]>} */
async function recorded(work) {
  const statements = [];
  const pool = {
    query: async (query, given) => {
      const { name, text, values } = typeof query === 'string' ? { text: query, values: given } : query;
      statements.push({ name, text, values });
      return { rows: [text.includes('es.append') ? { ...appended, stream_id: values[0] } : row] };
    },
  };
  const store = new PostgresEventStore(pool, [identityProjection]);
  await work({ identities: new IdentityRepository(store), reads: new IdentityReads(pool) });
  return statements;
}

export const PAGE_SIZE = 50;
const page = { limit: PAGE_SIZE, order: 'desc' };
const context = {
  access: 'all',
  metadata: { actor: `key:${idOf(0)}`, source: 'rest', correlationId: idOf(0) },
};
const plan = (value) => ({ key: 'plan', type: 'string', value });
const seats = { key: 'seats', type: 'number', value: 5 };
const person = {
  projectId: null,
  identifierKey: keyOf(0),
  name: 'Person 0',
  identityType: 'user',
  properties: [plan('pro'), seats],
};
const patch = { name: 'Person 1 again', properties: [plan('trial')] };
const appended = { version: 1, global_position: 1 };
const row = {
  id: idOf(1),
  version: 1,
  stream_version: 1,
  project_id: '',
  identifier_key: keyOf(1),
  name: 'Person 1',
  identity_type: 'user',
  properties: [plan('pro'), seats],
  agent_ids: [],
  block_ids: [],
};
