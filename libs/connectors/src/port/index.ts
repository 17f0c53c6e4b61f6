export * from './call-context.js';
export * from './connector.errors.js';
export * from './connector.js';
export * from './records.js';
export * from './webhook.js';
