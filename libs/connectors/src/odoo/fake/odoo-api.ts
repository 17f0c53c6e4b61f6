import { z } from 'zod';
import type { FakeHandler, FakeReply, FakeRequest } from '../../testing/fake-server.js';
import { commitFault } from '../../testing/faults.js';
import type { OdooDatabase } from './odoo-database.js';
import { accessDenied, invalidKey, noDatabase, noMethod, OdooRefusal } from './odoo-errors.js';
import { callModel, USER_ID } from './odoo-models.js';

/** The public API: faults first, then a proxy's limits, then Odoo by either protocol, by the fake's clock. */
export function odooApi(database: OdooDatabase): FakeHandler {
  return async (request, response) => {
    response.setHeader('date', new Date(database.clock.now()).toUTCString());
    const proper = async () => answer(database, request);
    const fault = database.faults.take(placeOf(request));
    return fault ? commitFault(fault, response, proper) : proper();
  };
}

/** What a fault's `path` is compared with: JSON-RPC has one path for everything, so its service is added. */
function placeOf({ path, body }: FakeRequest): string {
  if (path !== '/jsonrpc') return path;
  const parsed = rpcSchema.safeParse(JSON.parse(body.toString('utf8')));
  return `${path}/${parsed.data?.params.service ?? ''}`;
}

function answer(database: OdooDatabase, request: FakeRequest): FakeReply {
  if (database.proxyRefusal) return { status: 429, headers: database.proxyRefusal };
  if (request.path === '/jsonrpc') return jsonRpc(database, request);
  try {
    return { status: 200, json: jsonTwo(database, request) };
  } catch (error) {
    if (error instanceof OdooRefusal) return error.asJson2(database.apiKey);
    throw error;
  }
}

function jsonTwo(database: OdooDatabase, { method, path, headers, body }: FakeRequest): unknown {
  const [, model, name] = /^\/json\/2\/([\w.]+)\/(\w+)$/.exec(path) ?? [];
  if (method !== 'POST' || !model || !name) throw noMethod();
  const asked = headers['x-odoo-database'];
  if (asked !== undefined && asked !== database.name) throw noDatabase();
  const key = /^bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (key !== database.apiKey || !database.keyIsValid) throw invalidKey();
  return callModel(database, model, name, JSON.parse(body.toString('utf8') || '{}'));
}

const rpcSchema = z.object({
  id: z.unknown(),
  params: z.object({ service: z.string(), method: z.string(), args: z.array(z.unknown()) }),
});

function jsonRpc(database: OdooDatabase, { body }: FakeRequest): FakeReply {
  const { id, params } = rpcSchema.parse(JSON.parse(body.toString('utf8')));
  try {
    return { status: 200, json: { jsonrpc: '2.0', id, result: rpcResult(database, params) } };
  } catch (error) {
    if (error instanceof OdooRefusal) return error.asJsonRpc(id, database.apiKey);
    throw error;
  }
}

type RpcParams = z.output<typeof rpcSchema>['params'];

/** A wrong login is no error but `false`. */
function rpcResult(database: OdooDatabase, { service, method, args }: RpcParams): unknown {
  const [name, user, key, model, modelMethod, , named] = args;
  if (name !== database.name) throw new OdooRefusal('psycopg2.OperationalError', 500);
  const knows = key === database.apiKey && database.keyIsValid;
  if (service === 'common' && method === 'authenticate')
    return user === database.login && knows ? USER_ID : false;
  if (service !== 'object' || method !== 'execute_kw') throw noMethod();
  if (user !== USER_ID || !knows) throw accessDenied();
  return callModel(database, String(model), String(modelMethod), named);
}
