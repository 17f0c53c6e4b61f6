import { sameText } from '../ground/http/same-text.js';
import type { ConnectorWebhook, ParsedDelivery, VerifyResult, WebhookDelivery } from '../port/webhook.js';
import { parseChangeEvents } from './salesforce.change-events.js';
import { OUTBOUND_ACKNOWLEDGEMENT, parseOutboundMessage } from './salesforce.outbound-message.js';
import type { SalesforceConfig, SalesforceSecrets } from './salesforce.settings.js';

/** Outbound Messages in XML, and Change Data Capture events in JSON, as a relay forwards them. */
export const salesforceWebhook: ConnectorWebhook<SalesforceConfig, SalesforceSecrets> = {
  verify: ({ tail }, { secrets }) => verifySecret(tail, secrets),
  parse: parseDelivery,
  acknowledgement: OUTBOUND_ACKNOWLEDGEMENT,
};

/** Salesforce signs nothing: the secret is the last part of the URL that it was told. */
function verifySecret(
  tail: string,
  { webhookSecret, previousWebhookSecrets = [] }: SalesforceSecrets,
): VerifyResult {
  const accepted = [...(webhookSecret ? [webhookSecret] : []), ...previousWebhookSecrets];
  if (accepted.length === 0) return { ok: false, reason: 'no_secret' };
  if (tail === '') return { ok: false, reason: 'missing_signature' };
  const matches = accepted.filter((secret) => sameText(secret, tail));
  return matches.length > 0 ? { ok: true, scheme: 'secret-path' } : { ok: false, reason: 'bad_signature' };
}

function parseDelivery({ rawBody }: WebhookDelivery): ParsedDelivery {
  const text = rawBody.toString('utf8').replace(/^\uFEFF/, '');
  return text.trimStart().startsWith('<') ? parseOutboundMessage(text) : parseChangeEvents(Buffer.from(text));
}
