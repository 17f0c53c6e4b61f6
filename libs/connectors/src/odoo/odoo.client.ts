import type { z } from 'zod';
import { callFor } from '../ground/http/call-for.js';
import {
  createHttpClient,
  type HttpAnswer,
  type HttpClient,
  type Refusal,
} from '../ground/http/http-client.js';
import { statusError } from '../ground/http/status-errors.js';
import { refusalJson } from '../ground/outside-json.js';
import type { ConnectorContext } from '../port/call-context.js';
import { AuthExpired, type ConnectorError, InvalidResponse, Transient } from '../port/connector.errors.js';
import { errorByName } from './odoo.errors.js';
import { errorSchema, rpcSchema } from './odoo.schema.js';
import type { OdooConfig, OdooSecrets } from './odoo.settings.js';

export type OdooContext = ConnectorContext<OdooConfig, OdooSecrets>;

/** A method of a model with named arguments, by whichever protocol this Odoo speaks. */
export interface OdooCall<Shape> {
  readonly model: string;
  readonly method: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly schema: z.ZodType<Shape>;
}

export type OdooAnswer<Shape> = Pick<HttpAnswer, 'lossy' | 'serverDate'> & { readonly data: Shape };
export type OdooClient = <Shape>(call: OdooCall<Shape>) => Promise<OdooAnswer<Shape>>;

export function odooClient(context: OdooContext): OdooClient {
  return context.config.protocol === 'json-2' ? jsonTwo(context) : jsonRpc(context);
}

function jsonTwo(context: OdooContext): OdooClient {
  const { database } = context.config;
  const client = clientFor(context, {
    authorization: `bearer ${context.secrets.accessToken}`,
    ...(database ? { 'x-odoo-database': database } : {}),
  });
  return ({ model, method, args = {}, schema }) =>
    callFor(client, { method: 'POST', path: `/json/2/${model}/${method}`, json: args }, schema);
}

/** Before a model answers, the key has to be traded for the number of its user: once for each client. */
function jsonRpc(context: OdooContext): OdooClient {
  const { database, login } = context.config;
  const { accessToken } = context.secrets;
  const client = clientFor(context, {});
  let user: Promise<unknown> | undefined;
  const authenticate = async () => {
    const args = [database, login, accessToken, {}];
    const { result } = await rpc(client, 'authenticate', { service: 'common', method: 'authenticate', args });
    if (typeof result === 'number') return result;
    throw new AuthExpired('POST /jsonrpc did not know the login and its key');
  };
  return async ({ model, method, args = {}, schema }) => {
    const what = `${model}.${method}`;
    user ??= authenticate();
    const call = [database, await user, accessToken, model, method, [], args];
    const answer = await rpc(client, what, { service: 'object', method: 'execute_kw', args: call });
    const parsed = schema.safeParse(answer.result);
    if (!parsed.success) throw new InvalidResponse(`POST /jsonrpc ${what} answered an unexpected shape`);
    return { data: parsed.data, lossy: answer.lossy, serverDate: answer.serverDate };
  };
}

/** Errors come with status 200 here. */
async function rpc(client: HttpClient, what: string, params: unknown) {
  const json = { jsonrpc: '2.0', method: 'call', params, id: 1 };
  const call = { method: 'POST', path: '/jsonrpc', json } as const;
  const { data, lossy, serverDate } = await callFor(client, call, rpcSchema);
  if (!data.error) return { result: data.result, lossy, serverDate };
  const place = `POST /jsonrpc ${what}`;
  throw (
    errorByName(`${place} answered`, data.error.data?.name ?? '') ??
    new Transient(`${place} answered an error`)
  );
}

function clientFor(context: OdooContext, headers: Readonly<Record<string, string>>): HttpClient {
  return createHttpClient({ baseUrl: context.config.baseUrl, context, headers: () => headers, classify });
}

/** JSON-2 names the exception beside its traceback; a proxy in front of Odoo names nothing. */
function classify(refusal: Refusal): ConnectorError {
  const name = exceptionOf(refusal.body);
  const known = name === '' ? null : errorByName(`${refusal.what} answered ${refusal.status}:`, name);
  return known ?? statusError(refusal);
}

function exceptionOf(body: Buffer): string {
  // Of a proxy's page, the status alone decides.
  return errorSchema.safeParse(refusalJson(body)).data?.name ?? '';
}
