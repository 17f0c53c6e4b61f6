import type { Connection } from '../connections/connection.js';
import type { TableKey } from '../links/link.store.js';
import type { FieldPolicies } from '../records/field-policies.js';
import { type KeyResolution, policyResolution } from '../records/key-resolution.js';
import type { Observation } from '../records/observation.js';
import type { SameRecord } from '../records/same-records.js';
import type { TableMapping } from '../records/table-mapping.js';

/** Records of a stream that are planned and applied together. */
export interface RecordBatch {
  readonly key: TableKey;
  readonly source: BatchSource;
  readonly rules: BatchRules;
  readonly run: BatchRun;
}

/** What the CRM says. */
export interface BatchSource {
  readonly observations: readonly Observation[];
  /** Records that seem to say what they said before: those that do are not planned. */
  readonly same?: readonly SameRecord[] | undefined;
  readonly askedAt: Date;
  /** The observations are what a listing shows, which may lag behind. */
  readonly fromListing?: boolean;
  /** Asks the CRM for records by id: what it says of them counts more than what a listing shows. */
  readonly observe: (externalIds: readonly string[]) => Promise<readonly Observation[]>;
}

/** What the connection lets its records do. */
export interface BatchRules {
  readonly projectId: string | null;
  readonly owned: ReadonlySet<string>;
  /** Who wins, field by field; absent: the source. */
  readonly fields?: FieldPolicies;
  /** What is decided about a record whose key is taken; default: nothing. */
  readonly resolutionFor?: (externalId: string) => KeyResolution | undefined;
  /** Keys that resolutions name. */
  readonly namedKeys?: readonly string[];
}

/** On whose account it happens, and how far it goes. */
export interface BatchRun {
  readonly id: string;
  /** Stops after the plan: outcomes only. */
  readonly dryRun?: boolean;
  /** Whether it can be done is all that is asked: it is done and rolled back. */
  readonly isTrial?: boolean;
  /** What caused the change of a record; default: the record itself. */
  readonly causationOf?: (externalId: string) => string | undefined;
}

export const rulesOf = ({ projectId, policies }: Connection, { propertyKeys }: TableMapping): BatchRules => ({
  projectId,
  owned: new Set(propertyKeys),
  fields: policies.fields,
  resolutionFor: () => policyResolution(policies.key_conflict),
});
