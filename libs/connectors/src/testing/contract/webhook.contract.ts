import { describe, expect, it } from '@jest/globals';
import type { Signal, WebhookDelivery } from '../../port/webhook.js';
import { itIf } from './abilities.js';
import { isGone } from './answers.js';
import { type ContractSubject, deliveriesOf, deliveryOf, provided } from './contract-world.js';

/** What a delivery says: signals, each once, for the account they belong to. */
export function webhookContract(subject: ContractSubject): void {
  const { connector, abilities } = subject;
  const tells = (kind: 'delete' | 'restore' | 'erase' | 'merge') =>
    itIf(abilities.webhookKinds.includes(kind));

  describe('webhook: what it says', () => {
    const signalsOf = (...deliveries: WebhookDelivery[]): Signal[] =>
      deliveries.flatMap((delivery) => [...provided(connector.webhook).parse(delivery).signals]);
    const saidOf = async (change: () => void) =>
      signalsOf(...(await deliveriesOf(subject, change))).map(({ id, kind, mergedInto, erase }) => ({
        id,
        kind,
        ...(mergedInto === undefined ? {} : { mergedInto }),
        ...(erase === undefined ? {} : { erase }),
      }));

    it('names the record that changed, and the account where the vendor says it', async () => {
      const id = subject.world.create('one');
      const signals = signalsOf(...(await deliveriesOf(subject, () => subject.world.change(id, 'changed'))));
      expect(signals.length).toBeGreaterThan(0);
      for (const signal of signals) {
        expect(signal).toMatchObject({ stream: subject.world.stream, id, kind: 'upsert' });
        expect([subject.world.account, null]).toContain(signal.account);
      }
    });

    it('gives each signal a key of its own, and a repeated delivery the same keys', async () => {
      const deliveries = await deliveriesOf(subject, () => {
        subject.world.change(subject.world.create('a'), 'changed');
        subject.world.create('b');
      });
      const keys = signalsOf(...deliveries).map(({ dedupKey }) => dedupKey);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys.length).toBeGreaterThan(1);
      expect(signalsOf(...deliveries).map(({ dedupKey }) => dedupKey)).toEqual(keys);
    });

    it('does not bring back what was deleted, when an upsert arrives late', async () => {
      const id = subject.world.create('one');
      const late = signalsOf(...(await deliveriesOf(subject, () => subject.world.change(id, 'changed'))));
      subject.world.archive(id);
      const ids = late.map((signal) => signal.id);
      expect(ids).toContain(id);
      expect(isGone(await subject.fetched(...ids), id)).toBe(true);
    });

    tells('delete')('tells a deletion', async () => {
      const id = subject.world.create('1');
      expect(await saidOf(() => subject.world.archive(id))).toContainEqual({ id, kind: 'delete' });
    });

    tells('restore')('tells a restoration', async () => {
      const id = subject.world.create('1');
      subject.world.archive(id);
      const said = await saidOf(() => provided(subject.world.restore)(id));
      expect(said).toContainEqual({ id, kind: 'restore' });
    });

    tells('erase')('tells an erasure', async () => {
      const id = subject.world.create('1');
      const said = await saidOf(() => provided(subject.world.erase)(id));
      expect(said).toContainEqual({ id, kind: 'delete', erase: true });
    });

    tells('merge')('tells a merge, and into what', async () => {
      const [a, b] = [subject.world.create('3'), subject.world.create('4')];
      let winner = '';
      const said = await saidOf(() => {
        winner = provided(subject.world.merge)(a, b);
      });
      for (const id of [a, b].filter((one) => one !== winner))
        expect(said).toContainEqual({ id, kind: 'merge', mergedInto: winner });
    });

    it('refuses a body that is not the vendor’s', async () => {
      const delivery = await deliveryOf(subject, () => subject.world.create('one'));
      for (const body of ['', 'hello', '{}', 'null'])
        expect(() => provided(connector.webhook).parse({ ...delivery, rawBody: Buffer.from(body) })).toThrow(
          expect.objectContaining({ code: 'INVALID_DELIVERY' }),
        );
    });
  });
}
