import type { Connector } from './connector.js';
import { hubSpotConnector } from './hubspot/hubspot.connector.js';

/** Every connector there is, by the kind a connection names. */
export const connectors: readonly Connector[] = [hubSpotConnector];

export function connectorById(id: string): Connector | null {
  return connectors.find(({ manifest }) => manifest.id === id) ?? null;
}
