import { type DynamicModule, Module } from '@nestjs/common';
import type { Config } from '#platform';
import type { Sync } from '#sync';
import { ConflictsController } from '../conflicts/conflicts.controller.js';
import { OutcomesController } from '../outcomes/outcomes.controller.js';
import { QuarantineController } from '../quarantine/quarantine.controller.js';
import { WebhooksController } from '../webhooks/webhooks.controller.js';
import { ConnectionsController } from './connections.controller.js';
import { ConnectorsController } from './connectors.controller.js';
import { RunsController } from './runs.controller.js';
import { PUBLIC_URL, SYNC } from './sync.tokens.js';

/** CRM sync over REST, for `createApi({ modules })`. */
@Module({})
export class ConnectionsModule {
  static over({ sync, config }: { sync: Sync; config: Config }): DynamicModule {
    return {
      module: ConnectionsModule,
      controllers: [
        ConnectionsController,
        ConnectorsController,
        RunsController,
        OutcomesController,
        ConflictsController,
        QuarantineController,
        WebhooksController,
      ],
      providers: [
        { provide: SYNC, useValue: sync },
        { provide: PUBLIC_URL, useValue: (config.ROLLCALL_PUBLIC_URL ?? '').replace(/\/+$/, '') },
      ],
    };
  }
}
