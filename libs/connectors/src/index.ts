export {
  connectorById,
  knownConnectors,
  TakenConnectorIdError,
  useManifestConnectors,
} from './connectors.js';
export {
  connectorFromManifest,
  connectorOf,
  type DeclarativeConnector,
} from './declarative/declarative.connector.js';
export type { Manifest, ManifestField } from './declarative/manifest.schema.js';
export {
  InvalidManifestError,
  type ManifestFault,
  parseManifest,
  readManifest,
} from './declarative/manifest-file.js';
export { loadManifests } from './load-manifests.js';
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
export * from './port/index.js';
