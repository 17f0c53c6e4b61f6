import { z } from 'zod';
import { reject } from '../ground/outside-json.js';
import { InvalidDelivery } from '../port/connector.errors.js';
import type { ParsedDelivery, Signal } from '../port/webhook.js';
import { salesforceIdSchema } from './salesforce.schema.js';
import type { SalesforceTable } from './salesforce.settings.js';
import { readXml, type XmlElement, XmlError } from './xml-reader.js';

/** Only what names a record is read: values are fetched, never believed. */
export function parseOutboundMessage(xml: string): ParsedDelivery {
  const { OrganizationId: account, Notification: notifications } = messageOf(xml);
  const signals: Signal[] = [];
  const rejected: { index: number; reason: string }[] = [];
  for (const [index, item] of notifications.entries()) {
    const parsed = notificationSchema.safeParse(item);
    if (parsed.success) signals.push(...signalsOf(parsed.data, account));
    else
      reject(
        rejected,
        index,
        parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
      );
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

function messageOf(xml: string): z.output<typeof messageSchema> {
  const body = childOf(elementOf(xml), 'Envelope', 'Body');
  const parsed = messageSchema.safeParse(plainOf(childOf(body, 'Body', 'notifications')));
  if (parsed.success) return parsed.data;
  throw new InvalidDelivery('The webhook body is not an Outbound Message with an OrganizationId');
}

function elementOf(xml: string): XmlElement {
  try {
    return readXml(xml, BOUNDS);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new InvalidDelivery(`The webhook body ${error.message}`);
  }
}

/** The child of that name, if the element is the one that it should be. */
const childOf = (element: XmlElement | undefined, name: string, child: string): XmlElement | undefined =>
  element?.name === name ? element.children.find((one) => one.name === child) : undefined;

/** Texts by name; of a name that comes twice the first counts, and notifications are a list. */
function plainOf(element: XmlElement | undefined): unknown {
  if (!element) return undefined;
  const { children } = element;
  const notifications = children.filter(({ name }) => name === 'Notification').map(notificationOf);
  return { OrganizationId: textOf(element, 'OrganizationId'), Notification: notifications };
}

function notificationOf(element: XmlElement): unknown {
  const sObject = element.children.find(({ name }) => name === 'sObject');
  return {
    Id: textOf(element, 'Id'),
    sObject: sObject && {
      type: sObject.attributes.get('type'),
      Id: textOf(sObject, 'Id'),
      SystemModstamp: textOf(sObject, 'SystemModstamp'),
      LastModifiedDate: textOf(sObject, 'LastModifiedDate'),
    },
  };
}

const textOf = ({ children }: XmlElement, wanted: string): string | undefined =>
  children.find(({ name }) => name === wanted)?.text;

/** A hundred notifications of records with two hundred fields each. */
const BOUNDS = { depth: 16, parts: 40_000 };

function signalsOf({ Id, sObject }: z.output<typeof notificationSchema>, account: string): Signal[] {
  const stream = TABLES.get(sObject.type.replace(/^\w+:/, ''));
  if (stream === undefined) return [];
  const occurredAt = timeOf(sObject.SystemModstamp ?? sObject.LastModifiedDate);
  return [{ stream, id: sObject.Id, kind: 'upsert', occurredAt, dedupKey: `om:${Id}`, account }];
}

function timeOf(text: string | undefined): string | null {
  const time = new Date(text ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

const messageSchema = z.object({
  OrganizationId: salesforceIdSchema,
  Notification: z.array(z.unknown()),
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

const TABLES: ReadonlyMap<string, SalesforceTable> = new Map([
  ['Contact', 'contacts'],
  ['Account', 'accounts'],
  ['Lead', 'leads'],
]);
