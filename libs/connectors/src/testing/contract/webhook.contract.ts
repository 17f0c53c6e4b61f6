import { describe, expect, it } from '@jest/globals';
import type { Signal, WebhookDelivery } from '../../connector.js';
import type { ContractSubject } from './contract-world.js';

/** Signed bytes in, signals out. */
export function webhookContract(subject: ContractSubject): void {
  const { connector } = subject;

  describe('webhook', () => {
    const verify = (
      delivery: WebhookDelivery,
      context = subject.world.context(),
      now = subject.world.now(),
    ) => connector.webhook?.verify(delivery, context, now);
    const signalsOf = (delivery: WebhookDelivery): readonly Signal[] =>
      connector.webhook?.parse(delivery.rawBody).signals ?? [];

    it('accepts what the vendor sent and reads signals for this account from it', async () => {
      const id = subject.world.create('one');
      const delivery = await subject.world.deliveryOf(() => subject.world.change(id, 'changed'));
      expect(verify(delivery)).toMatchObject({ ok: true });
      const signals = signalsOf(delivery);
      expect(signals[0]).toMatchObject({
        stream: subject.world.stream,
        id,
        kind: 'upsert',
        account: subject.world.account,
      });
    });

    it('refuses a body that differs in one byte, even one that means the same', async () => {
      const delivery = await subject.world.deliveryOf(() => subject.world.create('one'));
      const rawBody = Buffer.concat([delivery.rawBody, Buffer.from(' ')]);
      expect(verify({ ...delivery, rawBody })).toEqual({ ok: false, reason: 'bad_signature' });
    });

    it('refuses an old delivery and one from the future', async () => {
      const delivery = await subject.world.deliveryOf(() => subject.world.create('one'));
      for (const skew of [-301_000, 301_000]) {
        const now = new Date(subject.world.now().getTime() + skew);
        expect(verify(delivery, subject.world.context(), now)).toEqual({
          ok: false,
          reason: 'stale_timestamp',
        });
      }
    });

    it('refuses a delivery without a signature, with another length, or for another URL', async () => {
      const delivery = await subject.world.deliveryOf(() => subject.world.create('one'));
      expect(verify({ ...delivery, headers: {} })).toEqual({ ok: false, reason: 'missing_signature' });
      const short = Object.fromEntries(
        Object.keys(delivery.headers).map((name) => [name, delivery.headers[name]]),
      );
      for (const name of Object.keys(short))
        if (/signature/.test(name) && !/version/.test(name)) short[name] = 'short';
      expect(verify({ ...delivery, headers: short })).toEqual({ ok: false, reason: 'bad_signature' });
      expect(verify({ ...delivery, url: `${delivery.url}/elsewhere` })).toMatchObject({ ok: false });
    });

    it('accepts the previous secret while it is being rotated', async () => {
      const delivery = await subject.world.deliveryOf(() => subject.world.create('one'));
      expect(verify(delivery, subject.world.contextWith('rotated-webhook-secret'))).toMatchObject({
        ok: true,
      });
    });

    it('gives each signal a key of its own', async () => {
      const delivery = await subject.world.deliveryOf(() => {
        const [a, b] = [subject.world.create('a'), subject.world.create('b')];
        subject.world.merge(a, b);
      });
      const keys = signalsOf(delivery).map(({ dedupKey }) => dedupKey);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys.length).toBeGreaterThan(3);
    });

    it('tells deletion, erasure, restoration and merge apart', async () => {
      const [gone, erased, a, b] = [
        subject.world.create('1'),
        subject.world.create('2'),
        subject.world.create('3'),
        subject.world.create('4'),
      ];
      let winner = '';
      const delivery = await subject.world.deliveryOf(() => {
        subject.world.archive(gone);
        subject.world.restore(gone);
        subject.world.erase(erased);
        winner = subject.world.merge(a, b);
      });
      const said = signalsOf(delivery).map(({ id, kind, mergedInto, erase }) => ({
        id,
        kind,
        mergedInto,
        erase,
      }));
      expect(said).toContainEqual({ id: gone, kind: 'delete', mergedInto: undefined, erase: undefined });
      expect(said).toContainEqual({ id: gone, kind: 'restore', mergedInto: undefined, erase: undefined });
      expect(said).toContainEqual({ id: erased, kind: 'delete', mergedInto: undefined, erase: true });
      for (const id of [a, b].filter((one) => one !== winner))
        expect(said).toContainEqual({ id, kind: 'merge', mergedInto: winner, erase: undefined });
    });

    it('refuses a body that is not the vendor’s', () => {
      for (const body of ['', 'hello', '{}', 'null'])
        expect(() => connector.webhook?.parse(Buffer.from(body))).toThrow(
          expect.objectContaining({ code: 'INVALID_DELIVERY' }),
        );
    });
  });
}
