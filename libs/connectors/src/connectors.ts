import { withStorableRecords } from './ground/storable-records.js';
import { hubSpotConnector } from './hubspot/hubspot.connector.js';
import { odooConnector } from './odoo/odoo.connector.js';
import { pipedriveConnector } from './pipedrive/pipedrive.connector.js';
import type { Connector } from './port/connector.js';
import { salesforceConnector } from './salesforce/salesforce.connector.js';

/** Written by hand: a folder each, and a line here. Everything else finds them by their folder. */
const byHand: readonly Connector[] = [
  hubSpotConnector,
  pipedriveConnector,
  salesforceConnector,
  odooConnector,
];
const written = byHand.map(withStorableRecords);

/** Those of manifests: none before a start has read them. */
let ofManifests: readonly Connector[] = [];

/** By the kind a connection names: those by hand, then those of the manifests that were put in. */
export const knownConnectors = (): readonly Connector[] => [...written, ...ofManifests];

export const connectorById = (id: string): Connector | null =>
  knownConnectors().find(({ descriptor }) => descriptor.id === id) ?? null;

/** Puts the connectors of manifests in, in place of those that were put in before. @throws TakenConnectorIdError */
export function useManifestConnectors(
  made: readonly { readonly file: string; readonly connector: Connector }[],
): void {
  const owners = new Map(written.map(({ descriptor }) => [descriptor.id, 'a connector of Rollcall itself']));
  for (const { file, connector } of made) {
    const { id } = connector.descriptor;
    const owner = owners.get(id);
    if (owner) throw new TakenConnectorIdError(file, id, owner);
    owners.set(id, file);
  }
  ofManifests = made.map(({ connector }) => withStorableRecords(connector));
}

export class TakenConnectorIdError extends Error {
  override readonly name = 'TakenConnectorIdError';
  readonly code = 'CONNECTOR_ID_TAKEN';
  constructor(file: string, id: string, owner: string) {
    super(`${file}: the id ${id} is taken by ${owner}; give this manifest another`);
  }
}
