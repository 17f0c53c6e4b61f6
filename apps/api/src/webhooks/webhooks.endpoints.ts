import { z } from 'zod';
import { DELIVERY_STATUSES } from '#sync';
import { endpoint } from '../http/endpoint.js';
import { Limit } from '../http/query.js';

const tag = 'webhooks';

/** Ten times what the most talkative vendor sends in one call. */
export const MAX_WEBHOOK_BYTES = 1024 * 1024;

export const receiveWebhook = endpoint({
  scope: 'public',
  tag,
  method: 'POST',
  path: '/v1/webhooks/{kind}/{connection_id}',
  id: 'receive_webhook',
  summary: "Take a vendor's webhook",
  description:
    'Trusted by its signature alone. Answers as soon as the signals are kept; their records are fetched afterwards.',
  params: z.object({ kind: z.string().max(64), connection_id: z.uuid() }),
  body: 'bytes',
  bodyTypes: ['application/json'],
  answer: z.strictObject({ new: z.int().meta({ description: 'Signals that were not known yet.' }) }),
  refusals: [400, 404, 413],
});

export const DeliveryShape = z
  .strictObject({
    id: z.uuid(),
    stream: z.string(),
    external_id: z.string(),
    kind: z.enum(['upsert', 'delete', 'merge', 'restore']),
    merged_into: z.string().nullable(),
    occurred_at: z.iso.datetime().nullable(),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.int(),
    error: z.string().nullable(),
    received_at: z.iso.datetime(),
    processed_at: z.iso.datetime().nullable(),
  })
  .meta({
    id: 'WebhookDelivery',
    description: 'A signal that a record changed; the record itself is fetched.',
  });

export const listDeliveries = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/webhook-deliveries',
  id: 'list_webhook_deliveries',
  summary: 'List what webhooks brought to a connection, newest first',
  query: z.object({
    connection_id: z.uuid(),
    status: z.enum(DELIVERY_STATUSES).optional(),
    after: z.uuid().optional().meta({ description: 'An id: the page that starts right after it.' }),
    limit: Limit,
  }),
  answer: z.array(DeliveryShape),
  refusals: [404],
});
