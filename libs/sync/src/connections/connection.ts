import type { ParsedMapping } from '#connectors';
import type { ConnectionPolicies } from './connection-policies.js';

export const CONNECTION_STATUSES = ['active', 'paused', 'reauthorization_required'] as const;
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];

/** A CRM account that identities are mirrored from. Its secrets are elsewhere, sealed. */
export interface Connection {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** Where its identities live; null: in no project. */
  readonly projectId: string | null;
  readonly settings: unknown;
  /** One document for each stream that is synced. */
  readonly mapping: Readonly<Record<string, ParsedMapping>>;
  readonly mappingVersion: number;
  /** Seconds between incremental runs; null: only when asked. */
  readonly everySeconds: number | null;
  /** Five fields, instead of an interval. */
  readonly cron: string | null;
  readonly timeZone: string;
  /** Of a cron schedule: when the next runs are due. */
  readonly nextRunAt: Date | null;
  readonly policies: ConnectionPolicies;
  readonly status: ConnectionStatus;
  readonly statusReason: string | null;
  /** A daily quota is used up until then. */
  readonly pausedUntil: Date | null;
  /** The vendor's account id; a webhook of another account is rejected. */
  readonly accountId: string | null;
  /** For each secret that was given, what tells whether another one is the same. */
  readonly secretFingerprints: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The connection with what is needed to speak for it. */
export interface SealedConnection extends Connection {
  readonly secrets: Uint8Array;
  readonly secretsVersion: number;
}

export const tablesOf = ({ mapping }: Connection): string[] => Object.keys(mapping);

/** Why nothing may be fetched for it now, or null. */
export function obstacleOf({ status, pausedUntil }: Connection, now: Date): ConnectionStatus | null {
  if (status !== 'active') return status;
  return pausedUntil && pausedUntil > now ? 'paused' : null;
}
