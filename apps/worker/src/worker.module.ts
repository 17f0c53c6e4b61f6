import { type DynamicModule, Module } from '@nestjs/common';
import { IdentityModule } from '#identity';
import type { Pool } from '#platform';
import { IdentityCommandsProcessor } from './identity-commands/identity-commands.processor.js';
import { ImportsProcessor } from './imports/imports.processor.js';

@Module({})
export class WorkerModule {
  static over(pool: Pool): DynamicModule {
    return {
      module: WorkerModule,
      imports: [IdentityModule.over(pool)],
      providers: [IdentityCommandsProcessor, ImportsProcessor],
    };
  }
}
