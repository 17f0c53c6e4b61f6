// A HubSpot fake with its real limits as a process of its own, whose contacts change at a given rate.
import { setTimeout as sleep } from 'node:timers/promises';
import { startHubSpotFake } from '../../dist/libs/connectors/src/hubspot/fake/index.js';

const STEP_MS = 10;
let fake;
const changes = [];

process.on('message', async ({ what, ...given }) => {
  process.send(await actions[what](given));
});
process.once('disconnect', () => process.exit(0));

const actions = {
  async start({ contacts }) {
    fake = await startHubSpotFake({ seed: { contacts } });
    const { url, token, clientSecret } = fake;
    return { url, token, clientSecret };
  },

  /** Most are changed, some are archived, some are new; each change of a title carries its number. */
  async change({ webhook, rate, seconds }) {
    fake.account.webhooks.send({ url: webhook, automatic: true, duplicate: true, shuffle: true });
    const live = fake.account.contacts.listed(false).map(({ id }) => id);
    const start = Date.now();
    let done = 0;
    while (done < rate * seconds) {
      for (; done < Math.min(rate * seconds, ((Date.now() - start) * rate) / 1_000); done++)
        change(live, done);
      await sleep(STEP_MS);
    }
    return { changes };
  },

  /** Sends what is left, and says who there is. */
  async settle() {
    await fake.account.webhooks.deliver();
    const { attempts } = fake.account.webhooks;
    const contacts = fake.account.contacts
      .listed(false)
      .map(({ id, properties }) => [id, properties.email, properties.jobtitle ?? null]);
    return {
      contacts,
      calls: attempts.length,
      events: attempts.reduce((sum, { events }) => sum + events, 0),
      refused: attempts.filter(({ status }) => status !== 200).length,
      requests: fake.account.rates.usedToday,
      limited: fake.account.rates.refused,
    };
  },

  async stop() {
    await fake.close();
    return {};
  },
};

function change(live, number) {
  const { contacts } = fake.account;
  const kind = number % 100;
  if (kind === 98) {
    live.push(contacts.create({ email: `new-${number}@example.com`, firstname: 'New' }).id);
  } else if (kind === 99 && live.length > 1) {
    contacts.archive(live.shift());
  } else {
    const id = live[(number * 7_919) % live.length];
    contacts.update(id, { jobtitle: `title ${number}` });
    changes.push([id, number, Date.now()]);
  }
}
