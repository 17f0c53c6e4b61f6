import { z } from 'zod';
import { callFor } from '../ground/http/call-for.js';
import { AuthExpired, ConfigError } from '../port/connector.errors.js';
import type { RefreshedSecrets } from '../port/connector.js';
import {
  basicAuthorization,
  clientFor,
  type DeclarativeContext,
  text,
  type Values,
} from './declarative.client.js';
import type { Manifest } from './manifest.schema.js';
import { valueAt } from './template.js';

const tokenSchema = z.looseObject({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().positive().optional(),
});

type OAuth = Extract<Manifest['auth'], { type: 'oauth2_refresh' }>;

export async function refreshAuth(
  manifest: Manifest,
  auth: OAuth,
  context: DeclarativeContext,
): Promise<RefreshedSecrets<Values>> {
  const { clientId, clientSecret, refreshToken } = context.secrets;
  if (typeof clientId !== 'string' || typeof clientSecret !== 'string' || typeof refreshToken !== 'string')
    throw new ConfigError('This connection has a fixed access token: enter a new one');
  const url = tokenUrl(auth, context);
  const inBody = auth.clientAuth === 'body';
  const client = clientFor(
    manifest,
    context,
    url.origin,
    inBody ? {} : { authorization: basicAuthorization(clientId, clientSecret) },
  );
  const form = {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...(inBody ? { client_id: clientId, client_secret: clientSecret } : {}),
  };
  const { data } = await refused(
    callFor(client, { method: 'POST', path: `${url.pathname}${url.search}`, form }, tokenSchema),
  );
  const kept = Object.fromEntries(
    Object.entries(auth.keep).flatMap(([name, path]) => {
      const value = valueAt(data, path);
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
  return {
    secrets: {
      ...context.secrets,
      ...kept,
      accessToken: data.access_token,
      refreshToken: data.refresh_token ?? refreshToken,
    },
    expiresAt: data.expires_in ? new Date(context.now().getTime() + data.expires_in * 1000) : null,
  };
}

function tokenUrl({ tokenUrl: template }: OAuth, { config, secrets }: DeclarativeContext): URL {
  const url = text(template, { settings: config, secrets }, 'auth.tokenUrl');
  if (!URL.canParse(url)) throw new ConfigError('auth.tokenUrl is not a URL');
  return new URL(url);
}

/** A token endpoint that refuses the refresh token will refuse it again: a person has to connect anew. */
async function refused<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ConfigError || error instanceof AuthExpired)
      throw new AuthExpired(`The refresh token was refused: ${error.message}`, true);
    throw error;
  }
}
