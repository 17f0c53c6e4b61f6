export * from './identity.arbitraries.js';
export * from './identity.builders.js';
export * from './identity-rows.js';
