import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '#prisma';
import { boundedPool, type PoolOptions } from './bounded-pool.js';

export type { Prisma, PrismaClient } from '#prisma';

/**
 * The Prisma client over its own small pool, for every read and write off the hot path. Its errors are Prisma's:
 * `isDatabaseUnavailable` knows those that tell of an outage.
 */
export const createPrisma = ({ max = 5, ...options }: PoolOptions): PrismaClient =>
  new PrismaClient({
    adapter: new PrismaPg(boundedPool({ ...options, max }), { disposeExternalPool: true }),
  });
