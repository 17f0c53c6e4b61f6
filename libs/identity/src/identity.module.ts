import { type DynamicModule, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { PostgresEventStore } from '#event-sourcing';
import type { Pool } from '#platform';
import { ChangeReferenceHandler } from './commands/change-reference.command.js';
import { CreateIdentityHandler } from './commands/create-identity.command.js';
import { DeleteIdentityHandler } from './commands/delete-identity.command.js';
import { ModifyIdentityHandler } from './commands/modify-identity.command.js';
import { RemovePropertyHandler } from './commands/remove-property.command.js';
import { UpsertIdentitiesHandler } from './commands/upsert-identities.command.js';
import { UpsertIdentityHandler } from './commands/upsert-identity.command.js';
import { UpsertPropertiesHandler } from './commands/upsert-properties.command.js';
import { identityProjection } from './projections/identity.projection.js';
import { IdentityRepository } from './projections/identity.repository.js';
import { CountIdentitiesHandler } from './queries/count-identities.query.js';
import { GetEverAttachedHandler } from './queries/get-ever-attached.query.js';
import { GetIdentityHandler } from './queries/get-identity.query.js';
import { GetIdentityAsOfHandler } from './queries/get-identity-as-of.query.js';
import { GetIdentityProvenanceHandler } from './queries/get-identity-provenance.query.js';
import { GetIdentityHistoryHandler } from './queries/identity-history.query.js';
import { IdentityReads } from './queries/identity-reads.js';
import { ListIdentitiesHandler } from './queries/list-identities.query.js';

const handlers = [
  CreateIdentityHandler,
  UpsertIdentityHandler,
  UpsertIdentitiesHandler,
  ModifyIdentityHandler,
  UpsertPropertiesHandler,
  RemovePropertyHandler,
  ChangeReferenceHandler,
  DeleteIdentityHandler,
  GetEverAttachedHandler,
  GetIdentityHandler,
  GetIdentityAsOfHandler,
  GetIdentityHistoryHandler,
  GetIdentityProvenanceHandler,
  ListIdentitiesHandler,
  CountIdentitiesHandler,
];

/** The identity commands and queries over one pool: what both apps import. */
@Module({})
export class IdentityModule {
  static over(pool: Pool): DynamicModule {
    const store = new PostgresEventStore(pool, [identityProjection]);
    const providers = [
      { provide: PostgresEventStore, useValue: store },
      { provide: IdentityRepository, useValue: new IdentityRepository(store) },
      { provide: IdentityReads, useValue: new IdentityReads(pool) },
    ];
    return {
      module: IdentityModule,
      global: true,
      imports: [CqrsModule.forRoot()],
      providers: [...providers, ...handlers],
      exports: [...providers.map(({ provide }) => provide), CqrsModule],
    };
  }
}
