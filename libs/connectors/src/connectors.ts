import type { Connector } from './connector.js';
import { hubSpotConnector } from './hubspot/hubspot.connector.js';
import { odooConnector } from './odoo/odoo.connector.js';
import { pipedriveConnector } from './pipedrive/pipedrive.connector.js';
import { salesforceConnector } from './salesforce/salesforce.connector.js';
import { withStorableRecords } from './shared/storable-records.js';

/** Those that are written by hand. */
const written: readonly Connector[] = [
  hubSpotConnector,
  pipedriveConnector,
  salesforceConnector,
  odooConnector,
];
const known: Connector[] = written.map(withStorableRecords);

/** Every connector there is, by the kind a connection names: those by hand, then those of loaded manifests. */
export const connectors: readonly Connector[] = known;

export function connectorById(id: string): Connector | null {
  return connectors.find(({ manifest }) => manifest.id === id) ?? null;
}

/** Puts the connectors of manifests in, in place of those that were put in before. @throws TakenConnectorIdError */
export function useManifestConnectors(
  made: readonly { readonly file: string; readonly connector: Connector }[],
): void {
  const owners = new Map(written.map(({ manifest }) => [manifest.id, 'a connector of Rollcall itself']));
  for (const { file, connector } of made) {
    const { id } = connector.manifest;
    const owner = owners.get(id);
    if (owner) throw new TakenConnectorIdError(file, id, owner);
    owners.set(id, file);
  }
  known.splice(written.length, known.length, ...made.map(({ connector }) => withStorableRecords(connector)));
}

export class TakenConnectorIdError extends Error {
  override readonly name = 'TakenConnectorIdError';
  readonly code = 'CONNECTOR_ID_TAKEN';
  constructor(file: string, id: string, owner: string) {
    super(`${file}: the id ${id} is taken by ${owner}; give this manifest another`);
  }
}
