import { Controller, Inject } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { DeliveryStatus, Sync } from '#sync';
import { PUBLIC_URL, SYNC } from '../connections/sync.tokens.js';
import { type CallOf, OtherAnswer } from '../http/endpoint.js';
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
  receive({ params, body, request }: CallOf<typeof endpoints.receiveWebhook>) {
    return this.take({ ...params, tail: '' }, body, request);
  }

  @Serve(endpoints.receiveWebhookAt)
  receiveAt({ params, body, request }: CallOf<typeof endpoints.receiveWebhookAt>) {
    return this.take(params, body, request);
  }

  @Serve(endpoints.listDeliveries)
  async list({ query, caller }: CallOf<typeof endpoints.listDeliveries>) {
    const { connection_id: connectionId, external_id: externalId, ...filter } = query;
    const rows = await this.sync.deliveries.list({ connectionId, externalId, ...filter }, caller.access);
    return rows.map(toWire);
  }

  @Serve(endpoints.replayDelivery)
  async replay({ params, caller }: CallOf<typeof endpoints.replayDelivery>) {
    return toWire(await this.sync.deliveries.replay(params.delivery_id, caller.access));
  }

  @Serve(endpoints.replayDeliveries)
  async replayAll({ body, caller }: CallOf<typeof endpoints.replayDeliveries>) {
    const { connection_id: connectionId, external_id: externalId, since, until, ...filter } = body;
    const matching = { ...filter, since, until, externalId };
    return { replayed: await this.sync.deliveries.replayAll(connectionId, matching, caller.access) };
  }

  private async take(
    { kind, connection_id: connectionId, tail }: WebhookAddress,
    rawBody: Buffer,
    request: FastifyRequest,
  ) {
    if (rawBody.length > endpoints.MAX_WEBHOOK_BYTES)
      throw new WebhookTooLargeError(endpoints.MAX_WEBHOOK_BYTES);
    const { method, headers } = request;
    const url = webhookUrl(this.publicUrl, request);
    const {
      stored,
      rejected: refused,
      acknowledgement,
    } = await this.sync.inbox.receive({
      kind,
      connectionId,
      tail,
      method,
      url,
      headers,
      rawBody,
    });
    return acknowledgement
      ? new OtherAnswer(acknowledgement.contentType, acknowledgement.body)
      : { new: stored, ...(refused > 0 && { refused }) };
  }
}

type WebhookAddress = CallOf<typeof endpoints.receiveWebhookAt>['params'];

type DeliveryRow = Awaited<ReturnType<Sync['deliveries']['get']>>;

const toWire = (row: DeliveryRow): DeliveryOnTheWire => ({
  id: row.id,
  stream: row.stream,
  external_id: row.externalId,
  kind: row.kind as DeliveryOnTheWire['kind'],
  merged_into: row.mergedInto,
  origin: row.origin as DeliveryOnTheWire['origin'],
  occurred_at: row.occurredAt?.toISOString() ?? null,
  status: row.status as DeliveryStatus,
  attempts: row.attempts,
  replays: row.replays,
  error: row.error,
  received_at: row.receivedAt.toISOString(),
  processed_at: row.processedAt?.toISOString() ?? null,
});
