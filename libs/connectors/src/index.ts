export * from './connector.errors.js';
export * from './connector.js';
export { connectorById, connectors, TakenConnectorIdError, useManifestConnectors } from './connectors.js';
export {
  connectorFromManifest,
  connectorOf,
  type DeclarativeConnector,
} from './declarative/declarative.connector.js';
export { loadManifests } from './declarative/load-manifests.js';
export type { Manifest, ManifestField } from './declarative/manifest.schema.js';
export {
  InvalidManifestError,
  type ManifestFault,
  parseManifest,
  readManifest,
} from './declarative/manifest-file.js';
export { hubSpotConnector } from './hubspot/hubspot.connector.js';
export type { HubSpotCursor } from './hubspot/hubspot.cursor.js';
export { companyMapping, contactMapping } from './hubspot/hubspot.mapping.js';
export type { HubSpotConfig, HubSpotSecrets } from './hubspot/hubspot.settings.js';
export type { MappedIdentity, MappedProperty, MappingResult } from './mapping/mapped-identity.js';
export * from './mapping/mapping.errors.js';
export { type CompiledMapping, compileMapping } from './mapping/mapping.js';
export {
  type IdentityType,
  type MappingDocument,
  mappingSchema,
  type ParsedMapping,
  type PropertyType,
} from './mapping/mapping.schema.js';
export { odooConnector } from './odoo/odoo.connector.js';
export type { OdooCursor } from './odoo/odoo.cursor.js';
export { partnerMapping } from './odoo/odoo.mapping.js';
export type { OdooConfig, OdooSecrets } from './odoo/odoo.settings.js';
export { pipedriveConnector } from './pipedrive/pipedrive.connector.js';
export type { PipedriveCursor } from './pipedrive/pipedrive.cursor.js';
export { organizationMapping, personMapping } from './pipedrive/pipedrive.mapping.js';
export type { PipedriveConfig, PipedriveSecrets } from './pipedrive/pipedrive.settings.js';
export { salesforceConnector } from './salesforce/salesforce.connector.js';
export type { SalesforceCursor } from './salesforce/salesforce.cursor.js';
export type { SalesforceConfig, SalesforceSecrets } from './salesforce/salesforce.settings.js';
