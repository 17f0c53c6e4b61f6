export * from './connector.errors.js';
export * from './connector.js';
export { connectorById, connectors } from './connectors.js';
export { hubSpotConnector } from './hubspot/hubspot.connector.js';
export type { HubSpotCursor } from './hubspot/hubspot.cursor.js';
export { companyMapping, contactMapping } from './hubspot/hubspot.mapping.js';
export type { HubSpotConfig, HubSpotSecrets } from './hubspot/hubspot.settings.js';
export * from './mapping/expression.js';
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
