import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import type { DeliveryStatus, Sync } from '#sync';
import { PUBLIC_URL, SYNC } from '../connections/sync.tokens.js';
import type { CallOf } from '../http/endpoint.js';
import { UnreadableBodyError } from '../http/invalid-request.error.js';
import { Serve } from '../http/serve.decorator.js';
import { webhookUrl } from './webhook-url.js';
import * as endpoints from './webhooks.endpoints.js';
import { WebhookTooLargeError } from './webhooks.errors.js';

type DeliveryOnTheWire = z.input<typeof endpoints.DeliveryShape>;

@Controller()
export class WebhooksController {
  constructor(
    @Inject(SYNC) private readonly sync: Sync,
    @Inject(PUBLIC_URL) private readonly publicUrl: string,
  ) {}

  @Serve(endpoints.receiveWebhook)
  async receive({ params, body, request }: CallOf<typeof endpoints.receiveWebhook>) {
    // Fastify hands over a stream when the content type is not JSON.
    if (!Buffer.isBuffer(body)) throw new UnreadableBodyError('expected JSON, as application/json');
    if (body.length > endpoints.MAX_WEBHOOK_BYTES)
      throw new WebhookTooLargeError(endpoints.MAX_WEBHOOK_BYTES);
    const stored = await this.sync.inbox.receive({
      kind: params.kind,
      connectionId: params.connection_id,
      method: request.method,
      url: webhookUrl(this.publicUrl, request),
      headers: request.headers,
      rawBody: body,
    });
    return { new: stored };
  }

  @Serve(endpoints.listDeliveries)
  async list({ query, caller }: CallOf<typeof endpoints.listDeliveries>) {
    const { connection_id: connectionId, ...filter } = query;
    const rows = await this.sync.deliveries.list({ connectionId, ...filter }, caller.access);
    return rows.map(
      (row): DeliveryOnTheWire => ({
        id: row.id,
        stream: row.stream,
        external_id: row.externalId,
        kind: row.kind as DeliveryOnTheWire['kind'],
        merged_into: row.mergedInto,
        occurred_at: row.occurredAt?.toISOString() ?? null,
        status: row.status as DeliveryStatus,
        attempts: row.attempts,
        error: row.error,
        received_at: row.receivedAt.toISOString(),
        processed_at: row.processedAt?.toISOString() ?? null,
      }),
    );
  }
}
