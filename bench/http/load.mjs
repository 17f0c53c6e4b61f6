// Sends requests with autocannon, in a process of its own: the servers' time is not spent on making requests.
import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';
import { idOf, keyOf } from '../database/roster.mjs';

let sent = 0;

process.on('message', async ({ url, key, operation, connections, seconds, amount, ...details }) => {
  const { method, next } = operations[operation];
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const setupRequest = (request) => ({ ...request, headers, ...next(sent++, details) });
  const result = await autocannon({
    url,
    connections,
    ...(amount ? { amount } : { duration: seconds }),
    sampleInt: 500,
    requests: [{ method, path: '/', headers, setupRequest }],
  });
  const failed = result.non2xx + result.errors + result.timeouts;
  process.send(failed > 0 ? { failed: `${failed} ${operation} requests failed` } : { rate: rateOf(result) });
});

const rateOf = (result) => result['2xx'] / result.duration;

/** People in turn, so that two requests under way never change the same one. */
const person = (number, people) => (number % people) + 1;
const plan = (value) => ({ key: 'plan', type: 'string', value });

const operations = {
  create: {
    method: 'POST',
    next: (number) => ({
      path: '/v1/identities/',
      body: JSON.stringify({
        identifier_key: `${randomUUID()}@example.com`,
        name: `New person ${number}`,
        identity_type: 'user',
        properties: [plan('pro'), { key: 'seats', type: 'number', value: number % 50 }],
      }),
    }),
  },
  modify: {
    method: 'PATCH',
    next: (number, { people }) => ({
      path: `/v1/identities/identity-${idOf(person(number, people))}`,
      body: JSON.stringify({ name: `Person changed ${number}`, properties: [plan(`plan-${number}`)] }),
    }),
  },
  retrieve: {
    method: 'GET',
    next: (number, { people }) => ({
      path: `/v1/identities/identity-${idOf(person(number, people))}`,
      body: undefined,
    }),
  },
  byKey: {
    method: 'GET',
    next: (number, { people }) => ({
      path: `/v1/identities/?identifier_key=${encodeURIComponent(keyOf(person(number, people)))}&limit=50`,
    }),
  },
  list: { method: 'GET', next: () => ({ path: '/v1/identities/?limit=50' }) },
  path: { method: 'GET', next: (_number, { path }) => ({ path }) },
};
