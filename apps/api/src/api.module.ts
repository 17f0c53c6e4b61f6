import { type DynamicModule, Module } from '@nestjs/common';
import { IdentityModule } from '#identity';
import type { Config } from '#platform';
import type { ApiParts } from './api-parts.js';
import { HealthController, READINESS_CHECKS, READINESS_DETAILS } from './health/health.controller.js';
import { logDetails } from './health/log-details.js';
import type { RouteTable } from './http/route-table.js';
import { HistoryController } from './identities/history.controller.js';
import { IdentitiesController } from './identities/identities.controller.js';
import { ReferencesController } from './identities/references.controller.js';
import { bareReferences, LETTA_OBJECTS, type LettaObjects } from './letta/letta-objects.js';
import { LettaUpstream } from './letta/letta-upstream.js';
import { DocsController, OPENAPI_SOURCE } from './openapi/docs.controller.js';

@Module({})
export class ApiModule {
  static of({
    config,
    pool,
    readiness,
    routes,
    modules = [],
  }: ApiParts & { routes: RouteTable }): DynamicModule {
    return {
      module: ApiModule,
      imports: [IdentityModule.over(pool), ...modules],
      controllers: [
        HealthController,
        IdentitiesController,
        ReferencesController,
        HistoryController,
        DocsController,
      ],
      providers: [
        { provide: READINESS_CHECKS, useValue: readiness },
        { provide: READINESS_DETAILS, useValue: logDetails(pool) },
        { provide: LETTA_OBJECTS, useValue: lettaObjects(config) },
        { provide: OPENAPI_SOURCE, useValue: routes },
      ],
    };
  }
}

const lettaObjects = ({ LETTA_UPSTREAM_URL: url, LETTA_UPSTREAM_KEY: key }: Config): LettaObjects =>
  url ? new LettaUpstream({ url, key }) : bareReferences;
