import { createHmac } from 'node:crypto';

/** The database of the service, the role that owns its schema, and the one that serves requests. */
export const DATABASE = 'rollcall';
export const OWNER = 'rollcall_owner';
export const SERVICE = 'rollcall';
/** Made by initdb, for our own management of the server alone. */
const SUPERUSER = 'postgres';

export interface ServerUrls {
  /** Of the role that serves requests: it has nothing but what the owner grants it. */
  readonly url: string;
  /** Of the role that owns the schema: migrations and rebuilds. */
  readonly ownerUrl: string;
}

/** How to reach the server on this port; `password` is the kept one, from which each role's own follows. */
export const serverUrls = (port: number | string, password: string): ServerUrls => ({
  url: urlOf(port, SERVICE, rolePassword(password, SERVICE), DATABASE),
  ownerUrl: urlOf(port, OWNER, rolePassword(password, OWNER), DATABASE),
});

export const superuserUrl = (port: number | string, password: string, database = 'postgres'): string =>
  urlOf(port, SUPERUSER, password, database);

/** Nobody can tell one role's password, or the kept one, from another's. */
export const rolePassword = (password: string, role: string): string =>
  createHmac('sha256', password).update(`password of ${role}`).digest('base64url');

/**
 * pg takes from `PG*` variables whatever a URL leaves open, and those are about somebody else's server: so this one
 * leaves nothing open, whoever reads it (pg, Prisma, a tool beside the service).
 */
const SETTLED = {
  sslmode: 'disable',
  sslnegotiation: 'postgres',
  client_encoding: 'UTF8',
  replication: 'false',
  application_name: 'rollcall',
  options: '-c datestyle=ISO',
};

function urlOf(port: number | string, role: string, password: string, database: string): string {
  // pg does not read a plus as a space.
  const query = new URLSearchParams(SETTLED).toString().replaceAll('+', '%20');
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}?${query}`;
}
