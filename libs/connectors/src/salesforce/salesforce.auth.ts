import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { callFor } from '../ground/http/call-for.js';
import { ConfigError } from '../port/connector.errors.js';
import type { RefreshedSecrets } from '../port/connector.js';
import { loginClient, type SalesforceContext } from './salesforce.client.js';
import { tokenSchema } from './salesforce.schema.js';
import { grantOf, type SalesforceConfig, type SalesforceSecrets } from './salesforce.settings.js';

/** Salesforce does not say when a token ends: it is used until it is refused. */
export async function refreshAuth(context: SalesforceContext): Promise<RefreshedSecrets<SalesforceSecrets>> {
  const form = grantForm(context);
  const call = { method: 'POST', path: '/services/oauth2/token', form } as const;
  const { data } = await callFor(loginClient(context), call, tokenSchema);
  const rotated = data.refresh_token ? { refreshToken: data.refresh_token } : {};
  return {
    secrets: {
      ...context.secrets,
      accessToken: data.access_token,
      instanceUrl: data.instance_url,
      ...rotated,
    },
    expiresAt: null,
  };
}

function grantForm(context: SalesforceContext): Record<string, string> {
  const { clientId = '', clientSecret, refreshToken = '' } = context.secrets;
  const secret: Record<string, string> = clientSecret ? { client_secret: clientSecret } : {};
  const grant = grantOf(context.secrets);
  switch (grant) {
    case 'refresh_token':
      return { grant_type: grant, client_id: clientId, ...secret, refresh_token: refreshToken };
    case 'client_credentials':
      return { grant_type: grant, client_id: clientId, ...secret };
    case 'jwt_bearer':
      return {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: assertionOf(context),
      };
    case null:
      throw new ConfigError('This connection has a fixed access token: enter a new one');
  }
}

/** A claim of three minutes, which is all that Salesforce allows, signed with the app's key. */
function assertionOf({ config, secrets, now }: SalesforceContext): string {
  const claim = {
    iss: secrets.clientId,
    sub: secrets.username,
    aud: audienceOf(config),
    exp: Math.floor(now().getTime() / 1000) + 180,
  };
  const unsigned = `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(claim)}`;
  const signature = sign('RSA-SHA256', Buffer.from(unsigned), keyOf(secrets.privateKey ?? ''));
  return `${unsigned}.${signature.toString('base64url')}`;
}

function keyOf(pem: string): KeyObject {
  const key = parsedKey(pem);
  if (key?.asymmetricKeyType === 'rsa') return key;
  throw new ConfigError('The private key is not an RSA key in PEM form without a passphrase');
}

function parsedKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    // OpenSSL's message says nothing a person could act on; the caller says what is expected.
    return null;
  }
}

/** Sandboxes want the test login as audience, whatever host is asked. */
function audienceOf({ audience, loginUrl }: SalesforceConfig): string {
  if (audience) return audience;
  const { hostname } = new URL(loginUrl);
  const sandbox = hostname === 'test.salesforce.com' || hostname.includes('.sandbox.');
  return sandbox ? 'https://test.salesforce.com' : 'https://login.salesforce.com';
}

const encoded = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
