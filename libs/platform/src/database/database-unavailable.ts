import { DatabaseUnavailableError } from './database.errors.js';

/**
 * SQLSTATE classes (PostgreSQL, appendix A) that tell of the server's state and not of the statement: connection lost
 * (08), out of disk, memory or connections (53), stopped by an operator or a limit (57), trouble with its files (58).
 */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57', '58']);
/** A server that takes no writes: a replica after a failover, or one that is being serviced. */
const READ_ONLY = '25006';
/** Ended by our own limit while it held a transaction open, or by PostgreSQL 17's limit of a transaction. */
const ENDED_TRANSACTIONS = new Set(['25P03', '25P04']);

const NETWORK_CODES = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENETRESET'],
]);

/** pg says these without a code. */
const LOST_MESSAGES =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed and is not queryable|Query read timeout|Cannot use a pool after calling end/;

/** Prisma's own codes for an engine or adapter that has no connection (Prisma, error reference). */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2037']);
/** What its driver adapter calls the same. */
const PRISMA_KINDS = new Set([
  ...['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections'],
]);

/** Whether an error that PostgreSQL or the way to it gave says that the database is not there for us now. */
export function tellsOfOutage(error: unknown): boolean {
  const { code, message } = fieldsOf(error);
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && isOutageState(code)) return true;
  if (typeof code === 'string' && NETWORK_CODES.has(code)) return true;
  return typeof message === 'string' && LOST_MESSAGES.test(message);
}

const isOutageState = (state: string): boolean =>
  UNAVAILABLE_CLASSES.has(state.slice(0, 2)) || state === READ_ONLY || ENDED_TRANSACTIONS.has(state);

/**
 * Whether this error, from anywhere in the code, says that the database is not there for us now. Our pools translate;
 * Prisma wraps what its pool says, in several layers, so those are looked through.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  return error instanceof DatabaseUnavailableError || (isPrismas(error) && prismaTellsOfOutage(error));
}

function prismaTellsOfOutage(error: unknown, depth = 0): boolean {
  if (error === null || typeof error !== 'object' || depth > DEEPEST) return false;
  const { code, kind, originalCode, cause, meta } = fieldsOf(error);
  if (error instanceof DatabaseUnavailableError) return true;
  if (PRISMA_CODES.has(String(code)) || PRISMA_KINDS.has(String(kind))) return true;
  if (tellsOfOutage(error) || tellsOfOutage({ code: originalCode })) return true;
  return [cause, fieldsOf(meta).driverAdapterError].some((inner) => prismaTellsOfOutage(inner, depth + 1));
}

const DEEPEST = 5;

function isPrismas(error: unknown): boolean {
  const { name, code } = fieldsOf(error);
  return /^(PrismaClient|DriverAdapter)/.test(String(name)) || /^P[12]\d{3}$/.test(String(code));
}

/** An error of a pool or connection of ours, as its caller meets it. */
export const translated = (error: unknown): unknown =>
  tellsOfOutage(error) ? new DatabaseUnavailableError({ cause: error }) : error;

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
