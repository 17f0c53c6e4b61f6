import { z } from 'zod';
import { DELIVERY_STATUSES } from '#sync';
import { endpoint } from '../http/endpoint.js';
import { Limit, queryText, time } from '../http/query.js';

const tag = 'webhooks';
const dateTime = { type: 'string', format: 'date-time' };

/** Ten times what the most talkative vendor sends in one call. */
export const MAX_WEBHOOK_BYTES = 1024 * 1024;

const webhookParams = z.object({ kind: z.string().max(64), connection_id: z.uuid() });

const webhook = {
  scope: 'public',
  tag,
  method: 'POST',
  body: 'bytes',
  bodyTypes: [
    'application/json',
    'application/x-www-form-urlencoded',
    'application/soap+xml',
    'text/xml',
    '*/*',
  ],
  answer: z.strictObject({
    new: z.int().meta({ description: 'Signals that were not known yet.' }),
    refused: z.int().optional().meta({
      description:
        'Events that could not be read, and signals that cannot be stored, when there are any; the latter are listed as failed deliveries.',
    }),
  }),
  refusals: [400, 401, 404, 413],
} as const;

export const receiveWebhook = endpoint({
  ...webhook,
  path: '/v1/webhooks/{kind}/{connection_id}',
  id: 'receive_webhook',
  summary: "Take a vendor's webhook",
  description:
    'Trusted by its signature or secret alone. Answers as soon as the signals are kept; their records are fetched afterwards. A vendor that wants to read something else in the answer (such as the SOAP acknowledgement of a Salesforce outbound message) gets that.',
  params: webhookParams,
});

export const receiveWebhookAt = endpoint({
  ...webhook,
  path: '/v1/webhooks/{kind}/{connection_id}/{tail...}',
  id: 'receive_webhook_at',
  summary: "Take a vendor's webhook at an address with a tail",
  description:
    "The same, with more in the path for the connector to judge: an event's name, or a secret where the vendor signs nothing. It is never logged.",
  params: webhookParams.extend({ tail: z.string().max(1_024) }),
});

export const DeliveryShape = z
  .strictObject({
    id: z.uuid(),
    stream: z.string(),
    external_id: z.string(),
    kind: z.enum(['upsert', 'delete', 'merge', 'restore']),
    merged_into: z.string().nullable(),
    origin: z
      .enum(['webhook', 'quarantine'])
      .meta({ description: 'Who asked: the vendor, or somebody who replayed a record in quarantine.' }),
    occurred_at: z.iso.datetime().nullable(),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.int(),
    replays: z.int().meta({ description: 'How often it was worked off again by request.' }),
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
    stream: queryText(64).optional(),
    external_id: queryText(256).optional().meta({ description: "The record's id at the source." }),
    since: time()
      .optional()
      .meta({ description: 'Received at this time or later.', parameterSchema: dateTime }),
    after: z.uuid().optional().meta({ description: 'An id: the page that starts right after it.' }),
    limit: Limit,
  }),
  answer: z.array(DeliveryShape),
  refusals: [404],
});

export const replayDelivery = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/webhook-deliveries/{delivery_id}/replay',
  id: 'replay_webhook_delivery',
  summary: 'Fetch the record of a delivery again; one that waits is left alone',
  params: z.object({ delivery_id: z.uuid() }),
  answer: DeliveryShape,
  refusals: [404],
});

export const replayDeliveries = endpoint({
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/webhook-deliveries/replay',
  id: 'replay_webhook_deliveries',
  summary: 'Fetch the records of all deliveries again that match',
  body: z
    .strictObject({
      connection_id: z.uuid(),
      status: z.enum(['done', 'failed']).optional(),
      stream: queryText(64).optional(),
      external_id: queryText(256).optional(),
      since: time().optional().meta({ description: 'Received then or later.' }),
      until: time().optional().meta({ description: 'Received before that.' }),
    })
    .meta({ id: 'DeliveryReplay' }),
  answer: z.strictObject({ replayed: z.int() }),
  refusals: [404],
});
