export * from './builders.js';
export * from './decider-specification.js';
export * from './event-store.contract.js';
export * from './history-checker.js';
