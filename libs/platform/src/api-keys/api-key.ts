/** From the least to the most; each includes the ones before it. */
export const SCOPES = ['read', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** A key as it is kept: who it belongs to and what it may do, never the key itself. */
export interface ApiKey {
  /** A UUID; what the log names as the actor of a change. */
  readonly id: string;
  readonly name: string;
  /** The key's first characters, to recognise it in a list. */
  readonly hint: string;
  readonly scopes: readonly Scope[];
  /** Empty: every project. */
  readonly projectIds: readonly string[];
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** `admin` includes `write`, and `write` includes `read`. */
export const allows = (held: readonly Scope[], needed: Scope): boolean =>
  held.some((scope) => SCOPES.indexOf(scope) >= SCOPES.indexOf(needed));
