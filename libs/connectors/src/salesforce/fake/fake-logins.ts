import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { FakeClock } from '../../testing/fake-clock.js';
import type { FakeReply } from '../../testing/fake-server.js';
import { invalidSession, loginError } from './salesforce-errors.js';

/** The org's connected app and its tokens, which end when the org says so and not before. */
export class FakeLogins {
  readonly clientId = '3MVG9fake.consumer.key.0001';
  readonly clientSecret = 'FAKE0001CONSUMERSECRET';
  readonly username = 'integration@rollcall.example';
  readonly firstToken: string;
  refreshToken = '5Aep861fake.refresh.0001';
  /** Some orgs hand out a new refresh token with each refresh. */
  rotating = false;
  private keys: { publicKey: string; privateKey: string } | null = null;
  private readonly issued = new Set<string>();
  private readonly expired = new Set<string>();
  private refreshAllowed = true;

  constructor(
    private readonly clock: FakeClock,
    private readonly orgId: string,
    private readonly instanceUrl: () => string,
  ) {
    this.firstToken = this.issue();
  }

  /** The key whose certificate the app was given. */
  get privateKey(): string {
    return this.keyPair().privateKey;
  }

  expireAll(): void {
    for (const token of this.issued) this.expired.add(token);
  }

  revive(): void {
    this.expired.clear();
  }

  revokeRefresh(): void {
    this.refreshAllowed = false;
  }

  refuse(authorization: string | undefined): FakeReply | null {
    const token = /^(?:Bearer|OAuth) (\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
    return this.issued.has(token) && !this.expired.has(token) ? null : invalidSession();
  }

  exchange(form: URLSearchParams): FakeReply {
    switch (form.get('grant_type')) {
      case 'refresh_token':
        return this.refresh(form);
      case 'client_credentials':
        return this.isApp(form) ? this.granted() : INVALID_CLIENT;
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer':
        return this.bearer(form.get('assertion') ?? '');
      default:
        return loginError('unsupported_grant_type', 'grant type not supported');
    }
  }

  private refresh(form: URLSearchParams): FakeReply {
    if (!this.isApp(form)) return INVALID_CLIENT;
    if (!this.refreshAllowed || form.get('refresh_token') !== this.refreshToken)
      return loginError('invalid_grant', 'expired access/refresh token');
    if (!this.rotating) return this.granted();
    this.refreshToken = `5Aep861fake.refresh.${this.issued.size}`;
    return this.granted({ refresh_token: this.refreshToken });
  }

  private bearer(assertion: string): FakeReply {
    const [header = '', claim = '', signature = ''] = assertion.split('.');
    const signed = verify(
      'RSA-SHA256',
      Buffer.from(`${header}.${claim}`),
      createPublicKey(this.keyPair().publicKey),
      Buffer.from(signature, 'base64url'),
    );
    if (!signed) return loginError('invalid_grant', 'invalid assertion');
    const { iss, sub, aud, exp } = JSON.parse(Buffer.from(claim, 'base64url').toString('utf8'));
    const left = exp * 1000 - this.clock.now();
    if (iss !== this.clientId) return loginError('invalid_client_id', 'client identifier invalid');
    if (aud !== 'https://login.salesforce.com') return loginError('invalid_grant', 'audience is invalid');
    if (left <= 0 || left > 180_000) return loginError('invalid_grant', 'token has expired');
    return sub === this.username && this.refreshAllowed
      ? this.granted()
      : loginError('invalid_grant', "user hasn't approved this consumer");
  }

  private isApp(form: URLSearchParams): boolean {
    return form.get('client_id') === this.clientId && form.get('client_secret') === this.clientSecret;
  }

  /** There is no `expires_in`. */
  private granted(more: object = {}): FakeReply {
    return {
      status: 200,
      json: {
        access_token: this.issue(),
        scope: 'api refresh_token',
        instance_url: this.instanceUrl(),
        id: `${this.instanceUrl()}/id/${this.orgId}/0055g000001fakeAAA`,
        token_type: 'Bearer',
        issued_at: String(this.clock.now()),
        signature: 'ZmFrZQ==',
        ...more,
      },
    };
  }

  private issue(): string {
    const token = `${this.orgId.slice(0, 15)}!fake.session.${String(this.issued.size + 1).padStart(4, '0')}`;
    this.issued.add(token);
    return token;
  }

  /** Made when it is first asked for: few tests need it, and it takes time. */
  private keyPair() {
    this.keys ??= generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    return this.keys;
  }
}

const INVALID_CLIENT = loginError('invalid_client', 'invalid client credentials');
