/** What a connector stands on: one HTTP client, and what is the same for every vendor. */
export * from './batches.js';
export * from './check-tables.js';
export * from './http/call-for.js';
export * from './http/http-client.js';
export * from './http/retry-after.js';
export * from './http/same-text.js';
export * from './outside-json.js';
export * from './parse-each.js';
