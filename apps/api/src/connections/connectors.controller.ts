import { Controller, Inject } from '@nestjs/common';
import { describeConnectors, type PreviewedRecord, type Sync } from '#sync';
import type { AnswerOf, CallOf } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import * as endpoints from './connectors.endpoints.js';
import { SYNC } from './sync.tokens.js';

@Controller()
export class ConnectorsController {
  constructor(@Inject(SYNC) private readonly sync: Sync) {}

  @Serve(endpoints.listConnectors)
  list() {
    return describeConnectors().map(({ capabilities, streams, scopes, renewsAccess, ...connector }) => ({
      ...connector,
      scopes: [...scopes],
      streams: streams.map(({ id, label, defaultMapping }) => ({
        id,
        label,
        default_mapping: { ...defaultMapping },
      })),
      capabilities: {
        incremental: capabilities.incremental,
        deletes: capabilities.deletes,
        merges: capabilities.merges,
        webhook: capabilities.webhook,
        renews_access: renewsAccess,
      },
    }));
  }

  @Serve(endpoints.listFields)
  async fields({ params, query, caller }: CallOf<typeof endpoints.listFields>) {
    const fields = await this.sync.preview.fields(params.connection_id, query.stream, caller.access);
    return fields.map(({ options, ...field }) => ({ ...field, ...(options && { options: [...options] }) }));
  }

  @Serve(endpoints.previewRecords)
  async preview({ params, body, caller }: CallOf<typeof endpoints.previewRecords>) {
    return (await this.sync.preview.records(params.connection_id, body, caller.access)).map(toWire);
  }
}

const toWire = ({
  externalId,
  raw,
  mapped,
  errors,
  stored,
  ...outcome
}: PreviewedRecord): AnswerOf<typeof endpoints.previewRecords>[number] => ({
  external_id: externalId,
  raw,
  mapped: mapped && { ...fieldsOf(mapped), properties: [...mapped.properties] },
  errors: [...errors],
  stored: stored && {
    id: `identity-${stored.identityId}`,
    found_by: stored.foundBy,
    ...fieldsOf(stored.identity),
    properties: [...stored.identity.properties.values()],
  },
  ...outcome,
});

const fieldsOf = (identity: { identifierKey: string; name: string; identityType: string }) => ({
  identifier_key: identity.identifierKey,
  name: identity.name,
  identity_type: identity.identityType,
});
