import { type DynamicModule, Module } from '@nestjs/common';
import { IdentityModule } from '#identity';
import type { ApiParts } from './create-api.js';
import { HealthController, READINESS_CHECKS } from './health/health.controller.js';
import type { RouteTable } from './http/route-table.js';
import { IdentitiesController } from './identities/identities.controller.js';

@Module({})
export class ApiModule {
  static of({ pool, readiness, modules = [] }: ApiParts & { routes: RouteTable }): DynamicModule {
    return {
      module: ApiModule,
      imports: [IdentityModule.over(pool), ...modules],
      controllers: [HealthController, IdentitiesController],
      providers: [{ provide: READINESS_CHECKS, useValue: readiness }],
    };
  }
}
