import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import type { Connection, Sync } from '#sync';
import type { CallOf } from '../http/endpoint.js';
import { Serve } from '../http/serve.decorator.js';
import * as endpoints from './connections.endpoints.js';
import { PUBLIC_URL, SYNC } from './sync.tokens.js';

@Controller()
export class ConnectionsController {
  constructor(
    @Inject(SYNC) private readonly sync: Sync,
    @Inject(PUBLIC_URL) private readonly publicUrl: string,
  ) {}

  @Serve(endpoints.createConnection)
  async create({ body, caller }: CallOf<typeof endpoints.createConnection>) {
    return this.toWire(await this.sync.connections.create(body, caller.access, caller.actor));
  }

  @Serve(endpoints.listConnections)
  async list({ query, caller }: CallOf<typeof endpoints.listConnections>) {
    const connections = await this.sync.connections.list(caller.access, query.name);
    return connections.map((connection) => this.toWire(connection));
  }

  @Serve(endpoints.retrieveConnection)
  async retrieve({ params, caller }: CallOf<typeof endpoints.retrieveConnection>) {
    return this.toWire(await this.sync.connections.get(params.connection_id, caller.access));
  }

  @Serve(endpoints.patchConnection)
  async patch({ params, body, caller }: CallOf<typeof endpoints.patchConnection>) {
    const { access, actor } = caller;
    return this.toWire(await this.sync.connections.patch(params.connection_id, body, access, actor));
  }

  @Serve(endpoints.listMappings)
  async mappings({ params, caller }: CallOf<typeof endpoints.listMappings>) {
    const versions = await this.sync.connections.mappingVersions(params.connection_id, caller.access);
    return versions.map(({ version, mapping, actor, createdAt }) => ({
      version,
      mapping,
      actor,
      created_at: createdAt.toISOString(),
    }));
  }

  @Serve(endpoints.deleteConnection)
  async delete({ params, caller }: CallOf<typeof endpoints.deleteConnection>) {
    await this.sync.connections.remove(params.connection_id, caller.access);
    return null;
  }

  @Serve(endpoints.testConnection)
  async test({ params, caller }: CallOf<typeof endpoints.testConnection>) {
    return this.toWire(await this.sync.connections.test(params.connection_id, caller.access));
  }

  @Serve(endpoints.pauseConnection)
  async pause({ params, caller }: CallOf<typeof endpoints.pauseConnection>) {
    return this.toWire(await this.sync.connections.pause(params.connection_id, caller.access));
  }

  @Serve(endpoints.resumeConnection)
  async resume({ params, caller }: CallOf<typeof endpoints.resumeConnection>) {
    return this.toWire(await this.sync.connections.resume(params.connection_id, caller.access));
  }

  @Serve(endpoints.rotateSecrets)
  async rotate({ params, body, caller }: CallOf<typeof endpoints.rotateSecrets>) {
    return this.toWire(await this.sync.connections.rotate(params.connection_id, body, caller.access));
  }

  @Serve(endpoints.compareSecrets)
  async compare({ params, body, caller }: CallOf<typeof endpoints.compareSecrets>) {
    const { connections } = this.sync;
    return { secrets: await connections.compareSecrets(params.connection_id, body.secrets, caller.access) };
  }

  /** Field by field, so that nothing sealed slips out with the rest. */
  private toWire(connection: Connection): z.input<typeof endpoints.ConnectionShape> {
    return {
      id: connection.id,
      kind: connection.kind,
      name: connection.name,
      project_id: connection.projectId,
      settings: connection.settings as Record<string, unknown>,
      mapping: connection.mapping,
      mapping_version: connection.mappingVersion,
      every_seconds: connection.everySeconds,
      cron: connection.cron,
      time_zone: connection.timeZone,
      next_run_at: connection.nextRunAt?.toISOString() ?? null,
      policies: connection.policies,
      status: connection.status,
      status_reason: connection.statusReason,
      paused_until: connection.pausedUntil?.toISOString() ?? null,
      account_id: connection.accountId,
      secret_fingerprints: { ...connection.secretFingerprints },
      webhook_url: `${this.publicUrl}/v1/webhooks/${connection.kind}/${connection.id}`,
      created_at: connection.createdAt.toISOString(),
      updated_at: connection.updatedAt.toISOString(),
    };
  }
}
