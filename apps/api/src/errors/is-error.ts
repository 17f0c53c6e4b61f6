import { isNativeError } from 'node:util/types';

/** Fastify's errors only inherit from Error; those of another realm (a test's, a worker's) only are native ones. */
export const isError = (thrown: unknown): thrown is Error => thrown instanceof Error || isNativeError(thrown);
