import { createHttpClient, type HttpClient } from '../ground/http/http-client.js';
import type { ConnectorContext } from '../port/call-context.js';
import { AuthExpired, ConfigError } from '../port/connector.errors.js';
import { classifyDataError, classifyLoginError } from './salesforce.errors.js';
import type { SalesforceConfig, SalesforceSecrets } from './salesforce.settings.js';

export type SalesforceContext = ConnectorContext<SalesforceConfig, SalesforceSecrets>;

/** Speaks to the org itself. The URL a token came with wins: orgs move, and the setting stays behind. */
export function dataClient(context: SalesforceContext): HttpClient {
  const { accessToken, instanceUrl = context.config.instanceUrl } = context.secrets;
  if (!accessToken) throw new AuthExpired('There is no access token yet');
  if (!instanceUrl) throw new ConfigError('An access token needs the setting instanceUrl beside it');
  return createHttpClient({
    baseUrl: instanceUrl,
    context,
    headers: () => ({ authorization: `Bearer ${accessToken}` }),
    classify: classifyDataError,
  });
}

/** For the token endpoint, which takes its credentials in the form. */
export function loginClient(context: SalesforceContext): HttpClient {
  return createHttpClient({ baseUrl: context.config.loginUrl, context, classify: classifyLoginError });
}

export function dataPath({ config }: SalesforceContext, rest: string): string {
  return `/services/data/${config.apiVersion}${rest}`;
}
