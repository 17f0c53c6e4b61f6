import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { InvalidDelivery } from '../connector.errors.js';
import type { ParsedDelivery, Signal } from '../connector.js';
import { salesforceIdSchema } from './salesforce.schema.js';
import type { SalesforceStream } from './salesforce.settings.js';

/** Only what names a record is read: values are fetched, never believed. */
export function parseOutboundMessage(xml: string): ParsedDelivery {
  const { OrganizationId: account, Notification: notifications } = messageOf(xml);
  const signals: Signal[] = [];
  const rejected: { index: number; reason: string }[] = [];
  for (const [index, item] of notifications.entries()) {
    const parsed = notificationSchema.safeParse(item);
    if (parsed.success) signals.push(...signalsOf(parsed.data, account));
    else
      rejected.push({
        index,
        reason: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
      });
  }
  return { signals, rejected };
}

/** Without it Salesforce sends the message again for 24 hours. */
export const OUTBOUND_ACKNOWLEDGEMENT = {
  contentType: 'text/xml; charset=utf-8',
  body:
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>' +
    '</soapenv:Body></soapenv:Envelope>',
};

function messageOf(xml: string): z.output<typeof messageSchema>['Envelope']['Body']['notifications'] {
  if (/<!(DOCTYPE|ENTITY)/i.test(xml))
    throw new InvalidDelivery('The webhook body declares a document type, which Salesforce never does');
  const parsed = messageSchema.safeParse(parsedXml(xml));
  if (parsed.success) return parsed.data.Envelope.Body.notifications;
  throw new InvalidDelivery('The webhook body is not an Outbound Message with an OrganizationId');
}

function parsedXml(xml: string): unknown {
  try {
    return PARSER.parse(xml, true);
  } catch {
    // The parser's message quotes the body, so it is not passed on.
    throw new InvalidDelivery('The webhook body is XML that is cut off or malformed');
  }
}

function signalsOf({ Id, sObject }: z.output<typeof notificationSchema>, account: string): Signal[] {
  const stream = STREAMS.get(sObject.type.replace(/^\w+:/, ''));
  if (stream === undefined) return [];
  const occurredAt = timeOf(sObject.SystemModstamp ?? sObject.LastModifiedDate);
  return [{ stream, id: sObject.Id, kind: 'upsert', occurredAt, dedupKey: `om:${Id}`, account }];
}

function timeOf(text: string | undefined): string | null {
  const time = new Date(text ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

const messageSchema = z.object({
  Envelope: z.object({
    Body: z.object({
      notifications: z.object({
        OrganizationId: salesforceIdSchema,
        Notification: z.array(z.unknown()).default([]),
      }),
    }),
  }),
});

const notificationSchema = z.object({
  Id: z.string().regex(/^\w{15,18}$/),
  sObject: z.object({
    type: z.string(),
    Id: salesforceIdSchema,
    SystemModstamp: z.string().optional(),
    LastModifiedDate: z.string().optional(),
  }),
});

/** Entities stay as they are written: ids and times have none. */
const PARSER = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (name) => name === 'Notification',
});

const STREAMS: ReadonlyMap<string, SalesforceStream> = new Map([
  ['Contact', 'contacts'],
  ['Account', 'accounts'],
  ['Lead', 'leads'],
]);
