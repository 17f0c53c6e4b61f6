export const IDENTITY_TYPES = ['org', 'user', 'other'] as const;
export type IdentityType = (typeof IDENTITY_TYPES)[number];

export type JsonObject = { readonly [key: string]: unknown };

/** A typed property; `type` always matches what `value` is. */
export type IdentityProperty =
  | { readonly key: string; readonly type: 'string'; readonly value: string }
  | { readonly key: string; readonly type: 'number'; readonly value: number }
  | { readonly key: string; readonly type: 'boolean'; readonly value: boolean }
  | { readonly key: string; readonly type: 'json'; readonly value: JsonObject };

/** Properties by key, in the order the keys first came. */
export type Properties = ReadonlyMap<string, IdentityProperty>;

export interface LiveIdentity {
  readonly status: 'live';
  /** Null: in no project. */
  readonly projectId: string | null;
  readonly identifierKey: string;
  readonly name: string;
  readonly identityType: IdentityType;
  readonly properties: Properties;
  readonly agentIds: readonly string[];
  readonly blockIds: readonly string[];
}

export type Identity = { readonly status: 'unknown' } | LiveIdentity | { readonly status: 'deleted' };
