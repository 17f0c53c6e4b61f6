import { type DynamicModule, Module } from '@nestjs/common';
import { Imports } from '#imports';
import { createLogger, type Pool, type PrismaClient } from '#platform';
import type { Queues } from '#queue';
import { IMPORTS, ImportsController } from './imports.controller.js';

/** Imports over REST, for `createApi({ modules })`. */
@Module({})
export class ImportsModule {
  static over(parts: { pool: Pool; prisma: PrismaClient; queues: Queues }): DynamicModule {
    const imports = new Imports({ ...parts, log: createLogger('imports') });
    return {
      module: ImportsModule,
      controllers: [ImportsController],
      providers: [{ provide: IMPORTS, useValue: imports }],
    };
  }
}
