// Sends signed webhooks of one event each at a fixed rate, whether the last one was answered or not, as a vendor does.
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { signatureV3 } from '../../dist/libs/connectors/src/hubspot/hubspot.signature.js';

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
let sent = 0;

process.on('message', async ({ url, secret, portalId, seconds, rate }) => {
  const waiting = [];
  const start = performance.now();
  for (let number = 0; number < seconds * rate; number++) {
    const due = start + (number * 1_000) / rate;
    if (due > performance.now()) await sleep(due - performance.now());
    waiting.push(acknowledged(url, secret, portalId));
  }
  const answers = await Promise.all(waiting);
  const failed = answers.filter(({ status }) => status !== 200);
  if (failed.length > 0)
    process.send({ failed: `${failed.length} webhooks were answered ${failed[0].status}` });
  else process.send(quantilesOf(answers.map(({ ms }) => ms)));
});

process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));

function acknowledged(url, secret, portalId) {
  sent++;
  const now = Date.now();
  const event = { eventId: sent, subscriptionId: 1, portalId, appId: 1, occurredAt: now, attemptNumber: 0 };
  const rawBody = Buffer.from(
    JSON.stringify([
      { ...event, subscriptionType: 'contact.creation', objectId: 500 + sent, changeSource: 'CRM' },
    ]),
  );
  const headers = {
    'content-type': 'application/json',
    'content-length': rawBody.length,
    'x-hubspot-signature-v3': signatureV3(secret, { method: 'POST', url, rawBody }, String(now)),
    'x-hubspot-request-timestamp': String(now),
  };
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve({ status: response.statusCode, ms: performance.now() - began }));
    });
    request.once('error', reject);
    request.end(rawBody);
  });
}

function quantilesOf(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99) };
}
