export { type ApiParts, createApi } from './create-api.js';
export { type ReadinessChecks, readiness } from './health/readiness.js';
