export { type ApiParts, createApi } from './create-api.js';
export type { ReadinessChecks } from './health/readiness.js';
