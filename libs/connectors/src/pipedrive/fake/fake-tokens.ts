import type { FakeReply, FakeRequest } from '../../testing/fake-server.js';
import { invalidGrant, scopeMissing, unauthorized } from './pipedrive-errors.js';

/** A personal token that lasts, and an OAuth app whose refresh token is another one after each use. */
export class FakeTokens {
  readonly apiToken = '3f2a91c0b7d84e65a1f09c3d7be2486f0a5d1c9e';
  readonly clientId = '4a1f0c2be87d';
  readonly clientSecret = 'pipedrive-client-secret-0001';
  refreshToken = '62515:8:refresh-0001';
  private readonly issued = new Set<string>([this.apiToken]);
  private readonly expired = new Set<string>();
  private withheld = '';
  private refreshAllowed = true;

  /** Every token that was issued so far is refused from now on. */
  expireAll(): void {
    for (const token of this.issued) this.expired.add(token);
  }

  revive(): void {
    this.expired.clear();
  }

  revokeRefresh(): void {
    this.refreshAllowed = false;
  }

  /** Takes the right to read paths that contain this. */
  withhold(path: string): void {
    this.withheld = path;
  }

  refuse({ headers, query, path }: FakeRequest): FakeReply | null {
    const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    const personal = headers['x-api-token'] ?? query.get('api_token');
    const token = bearer ?? (Array.isArray(personal) ? personal[0] : personal) ?? '';
    const fits = bearer === undefined ? token === this.apiToken : token !== this.apiToken;
    if (!fits || !this.issued.has(token) || this.expired.has(token)) return unauthorized();
    return this.withheld !== '' && path.includes(this.withheld) ? scopeMissing() : null;
  }

  exchange({ headers, body }: FakeRequest, apiDomain: string): FakeReply {
    const basic = Buffer.from(`${this.clientId}:${this.clientSecret}`).toString('base64');
    if (headers.authorization !== `Basic ${basic}`)
      return { status: 401, json: { success: false, message: 'Client not found', error: 'invalid_client' } };
    const form = new URLSearchParams(body.toString('utf8'));
    const known = form.get('refresh_token') === this.refreshToken;
    if (form.get('grant_type') !== 'refresh_token' || !known || !this.refreshAllowed) return invalidGrant();
    const n = this.issued.size + 1;
    this.refreshToken = `62515:8:refresh-${String(n).padStart(4, '0')}`;
    const accessToken = `v1u:AQIBAHj-access-${n}`;
    this.issued.add(accessToken);
    return {
      status: 200,
      json: {
        access_token: accessToken,
        token_type: 'bearer',
        refresh_token: this.refreshToken,
        scope: 'base,contacts:read',
        expires_in: 3_600,
        api_domain: apiDomain,
      },
    };
  }
}
