import type { DynamicModule, Type } from '@nestjs/common';
import type { ApiKeys, Config, Pool, PrismaClient } from '#platform';
import type { ReadinessChecks } from './health/readiness.js';

/** What the API is made of. */
export interface ApiParts {
  readonly config: Config;
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  /** What `/health/ready` asks, by name. */
  readonly readiness: ReadinessChecks;
  /** Further routes: modules with controllers whose methods are `@Serve`d. */
  readonly modules?: readonly (Type | DynamicModule)[];
  readonly keys?: Pick<ApiKeys, 'authenticate'>;
}
