export type { ApiParts } from './api-parts.js';
export { ConnectionsModule } from './connections/connections.module.js';
export { createApi } from './create-api.js';
export { DeadLettersModule } from './dead-letters/dead-letters.module.js';
export { logDetails } from './health/log-details.js';
export { proveDatabase } from './health/prove-database.js';
export { type ReadinessChecks, type ReadinessDetails, readiness } from './health/readiness.js';
export { ImportsModule } from './imports/imports.module.js';
