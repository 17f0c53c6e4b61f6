import { describe, expect, it } from '@jest/globals';
import {
  ConfigError,
  ConnectorError,
  InvalidResponse,
  RateLimited,
  Transient,
} from '../../port/connector.errors.js';
import type { Fault } from '../faults.js';
import { itIf } from './abilities.js';
import { expectNoSecret, failureOf } from './answers.js';
import type { ContractSubject } from './contract-world.js';

/** Limits, credentials and answers no good server gives. */
export function refusalsContract(subject: ContractSubject): void {
  describe('refusals', () => {
    for (const form of subject.abilities.burst)
      it(`reports a burst limit with Retry-After: ${form}`, async () => {
        subject.world.limit('burst', form);
        const error = await failureOf(subject.firstPage());
        expect(error).toBeInstanceOf(RateLimited);
        const { scope, retryAt } = error as RateLimited;
        const wait = retryAt.getTime() - subject.world.now().getTime();
        expect(scope).toBe('burst');
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(60_000);
      });

    const dated = itIf(subject.abilities.burst.includes('date'));
    dated('counts a Retry-After date by the clock of the server that named it', async () => {
      subject.world.limit('burst', 'date');
      const ours = new Date(subject.world.now().getTime() - 600_000);
      const error = await failureOf(subject.firstPage({ ...subject.world.context(), now: () => ours }));
      expect((error as RateLimited).retryAt.getTime() - ours.getTime()).toBeLessThanOrEqual(60_000);
    });

    itIf(subject.abilities.daily)('tells a daily quota from a burst, and when to come back', async () => {
      subject.world.limit('daily', 'none');
      const error = await failureOf(subject.firstPage());
      expect(error).toMatchObject({ code: 'RATE_LIMITED', scope: 'daily' });
      const wait = (error as RateLimited).retryAt.getTime() - subject.world.now().getTime();
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(25 * 60 * 60 * 1000);
    });

    it.each<[string, Fault, new (...args: never[]) => ConnectorError]>([
      ['a server error', { kind: 'status', status: 500 }, Transient],
      ['a gateway page', { kind: 'status', status: 502 }, Transient],
      ['a cut connection', { kind: 'cut' }, Transient],
      ['an answer that never comes', { kind: 'hang' }, Transient],
      ['HTML with 200', { kind: 'html' }, InvalidResponse],
      ['truncated JSON', { kind: 'truncated' }, InvalidResponse],
      ['an endless body', { kind: 'endless' }, InvalidResponse],
      ['JSON of another shape', { kind: 'raw', body: '{"hello":"world"}' }, InvalidResponse],
      ['JSON null', { kind: 'raw', body: 'null' }, InvalidResponse],
      [
        'a redirect to a private address',
        { kind: 'redirect', location: 'http://169.254.169.254/' },
        InvalidResponse,
      ],
      ['a lack of permission', { kind: 'status', status: 403 }, ConfigError],
      ['a property that the vendor does not know', { kind: 'status', status: 400 }, ConfigError],
    ])('reports %s, and the same page is fine afterwards', async (_name, fault, kind) => {
      subject.world.create('one');
      subject.world.fault(fault);
      const error = await failureOf(subject.firstPage());
      expect(error).toBeInstanceOf(kind);
      expectNoSecret(error, subject.world.secrets);
      expect((await subject.firstPage()).records).toHaveLength(1);
    });

    it('stops when it is told to', async () => {
      subject.world.create('one');
      const error = await failureOf(
        subject.firstPage({ ...subject.world.context(), signal: AbortSignal.abort() }),
      );
      expect(error).not.toBeInstanceOf(ConnectorError);
      expect(error.name).toBe('AbortError');
    });
  });
}
