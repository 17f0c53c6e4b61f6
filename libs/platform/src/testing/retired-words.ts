/** An identifier, a code or a path that must not come back, and what it is called now. */
export interface RetiredWord {
  readonly retired: string;
  readonly now: string;
}

/** What things were called before docs/glossary.md named them. Names on the wire and in the database are not among these. */
export const RETIRED_WORDS: readonly RetiredWord[] = [
  // A sweep is the search for deletions.
  { retired: 'Sweeper', now: 'Housekeeper' },
  { retired: 'sweeper', now: 'housekeeper' },
  { retired: 'maintenanceSweeps', now: 'retentionChores' },
  { retired: 'maintenance.sweeps', now: 'retention.housekeeping' },
  { retired: 'SyncSweeps', now: 'SyncHousekeeping' },
  { retired: 'sync.sweeps', now: 'sync.housekeeping' },
  { retired: 'ImportSweeps', now: 'ImportHousekeeping' },
  { retired: 'import-sweeps', now: 'import-housekeeping' },

  // A decision is what a rule decides.
  { retired: 'KeyDecision', now: 'KeyResolution' },
  { retired: 'KEY_DECISIONS', now: 'KEY_RESOLUTIONS' },
  { retired: 'DECISION_CODES', now: 'RESOLUTION_CODES' },
  { retired: 'key-decision', now: 'key-resolution' },
  { retired: 'policyDecision', now: 'policyResolution' },
  { retired: 'withDecision', now: 'withResolution' },
  { retired: 'decisionFor', now: 'resolutionFor' },
  { retired: 'UnclearDecisionError', now: 'UnclearResolutionError' },

  // A manifest is a YAML file.
  { retired: 'ConnectorManifest', now: 'ConnectorDescriptor' },
  { retired: 'connector.manifest', now: 'connector.descriptor' },
  { retired: 'Connector.manifest', now: 'connector.descriptor' },

  // A refusal is an HTTP answer.
  { retired: 'refusalOfData', now: 'dataFailureOf' },
  { retired: 'refusalToRun', now: 'obstacleToRun' },
  { retired: 'isRefusal', now: 'isStatementError' },
  { retired: 'refusesData', now: 'isUnstorableData' },
  { retired: 'RefusedRegex', now: 'ForbiddenRegex' },
  { retired: 'RefusedSignal', now: 'UnstorableSignal' },
  { retired: 'refused-signal', now: 'unstorable-signal' },
  { retired: 'REFUSED_BY_DATABASE', now: 'REJECTED_BY_DATABASE' },
  { retired: 'RefusalReason', now: 'RejectionReason' },
  { retired: 'WebhookRefusedError', now: 'WebhookRejectedError' },

  // A stream is one of events; a CRM's records are in a table.
  { retired: 'StreamDefinition', now: 'TableDefinition' },
  { retired: 'StreamKey', now: 'TableKey' },
  { retired: 'StreamMapping', now: 'TableMapping' },
  { retired: 'streamMapping', now: 'tableMapping' },
  { retired: 'stream-mapping', now: 'table-mapping' },
  { retired: 'checkStreams', now: 'checkTables' },
  { retired: 'check-streams', now: 'check-tables' },
  { retired: 'HubSpotStream', now: 'HubSpotTable' },
  { retired: 'HUBSPOT_STREAMS', now: 'HUBSPOT_TABLES' },
  { retired: 'OdooStream', now: 'OdooTable' },
  { retired: 'ODOO_STREAMS', now: 'ODOO_TABLES' },
  { retired: 'PipedriveStream', now: 'PipedriveTable' },
  { retired: 'PIPEDRIVE_STREAMS', now: 'PIPEDRIVE_TABLES' },
  { retired: 'SalesforceStream', now: 'SalesforceTable' },
  { retired: 'SALESFORCE_STREAMS', now: 'SALESFORCE_TABLES' },
  { retired: 'ManifestStream', now: 'ManifestTable' },
  { retired: 'StreamReader', now: 'TableReader' },
  { retired: 'streamReader', now: 'tableReader' },
  { retired: 'streamsOf', now: 'tablesOf' },
  { retired: 'UnknownStreamError', now: 'UnknownTableError' },
  { retired: 'DueStream', now: 'DueTable' },
  { retired: 'DUE_STREAMS', now: 'DUE_TABLES' },

  // A link says which identity a record is mirrored by.
  { retired: 'LinkIdentity', now: 'ChangeReference' },
  { retired: 'link-identity', now: 'change-reference' },
  { retired: 'LinkAction', now: 'ReferenceAction' },
  { retired: 'LinkTarget', now: 'ReferenceTarget' },

  // Names that told too little apart.
  { retired: 'RunPageReader', now: 'PageReader' },
  { retired: 'runs/run-page.ts', now: 'runs/page-reader.ts' },
  { retired: 'RunPages', now: 'RunWork' },
  { retired: 'runs/run-pages.ts', now: 'runs/run-work.ts' },
  { retired: 'runs/runs.ts', now: 'runs/run-control.ts' },

  // Rooms that moved.
  { retired: 'libs/sync/src/imports', now: 'libs/imports' },
  { retired: 'libs/connectors/src/http', now: 'libs/connectors/src/ground/http' },
  { retired: 'libs/connectors/src/shared', now: 'libs/connectors/src/ground' },
  { retired: 'docs/contributing.md', now: 'CONTRIBUTING.md' },
];
