import type { FakeReply } from '../../testing/fake-server.js';
import { expiredToken, missingScope, unauthenticated } from './hubspot-errors.js';

/** The account's credentials: a service key that lasts, OAuth tokens that expire, and a secret that rotates. */
export class FakeTokens {
  readonly serviceKey = 'pat-na1-00000000-0000-4000-8000-000000000001';
  readonly clientId = '11111111-1111-4111-8111-111111111111';
  refreshToken = 'na1-refresh-0001';
  /** Each refresh token is good for one use. */
  rotating = false;
  clientSecret = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
  private readonly expired = new Set<string>();
  private readonly issued = new Set<string>([this.serviceKey]);
  private readonly withheld = new Set<string>();
  private refreshAllowed = true;

  constructor(private readonly portalId: number) {}

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

  withholdScope(scope: string): void {
    this.withheld.add(scope);
  }

  rotateClientSecret(secret: string): void {
    this.clientSecret = secret;
  }

  refuse(authorization: string | undefined, scope: string | null): FakeReply | null {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined || !this.issued.has(token)) return unauthenticated();
    if (this.expired.has(token)) return expiredToken();
    return scope !== null && this.withheld.has(scope) ? missingScope(scope) : null;
  }

  /** HubSpot keeps the refresh token, but does not promise to. */
  exchange(form: URLSearchParams): FakeReply {
    const known = form.get('client_id') === this.clientId && form.get('client_secret') === this.clientSecret;
    if (form.get('grant_type') !== 'refresh_token' || !known)
      return { status: 400, json: { status: 'BAD_CLIENT_ID', message: 'missing or unknown client id' } };
    if (!this.refreshAllowed || form.get('refresh_token') !== this.refreshToken)
      return {
        status: 400,
        json: { status: 'BAD_REFRESH_TOKEN', message: 'missing or unknown refresh token' },
      };
    const accessToken = `CfakeOAuth-${this.issued.size}`;
    this.issued.add(accessToken);
    if (this.rotating) this.refreshToken = `na1-refresh-${this.issued.size}`;
    return {
      status: 200,
      json: {
        token_type: 'bearer',
        access_token: accessToken,
        refresh_token: this.refreshToken,
        expires_in: 1_800,
        hub_id: this.portalId,
        scopes: ['oauth', 'crm.objects.contacts.read', 'crm.objects.companies.read'],
      },
    };
  }
}
