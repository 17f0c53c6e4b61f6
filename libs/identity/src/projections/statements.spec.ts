import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { appendManyStatement, appendOneStatement, type Decision, fold, type NewEvent } from '#event-sourcing';
import * as rules from '../identity.decider.js';
import { IDENTITY_CATEGORY, type IdentityEvent } from '../identity.events.js';
import type { Identity } from '../identity.state.js';
import { anIdentity } from '../testing/identity.builders.js';
import type { IdentityAppend } from './identity.append.js';
import { identityProjection } from './identity.projection.js';

const ADA = '00000000-0000-7000-8000-00000000000a';
const BOB = '00000000-0000-7000-8000-00000000000b';
const EVE = '00000000-0000-7000-8000-00000000000e';

const plan = { key: 'plan', type: 'string', value: 'pro' } as const;
const city = { key: 'city', type: 'string', value: 'Paris' } as const;
const command = { key: 'k-1', requestHash: new Uint8Array(), result: {} };

const created = (id: string) => append(id, [], rules.createIdentity(id, anIdentity({ properties: [plan] })));
/** One property comes, the other one goes. */
const changed = (id: string) => {
  const { projectId: _, ...replacement } = anIdentity({ properties: [city] });
  return append(id, created(id).events, rules.replaceIdentity(id, replacement));
};
const deleted = (id: string) => append(id, created(id).events, rules.deleteIdentity(id));

/** What a write sends, whole. A change of these files is a change of the hottest statements there are: look at it. */
describe('the whole statement that a write sends', () => {
  const one = (append: IdentityAppend) => appendOneStatement(append, [identityProjection]);

  it.each([
    ['create-one', one(created(ADA))],
    ['change-one', one(changed(ADA))],
    ['delete-one', one(deleted(ADA))],
    ['create-one-with-key', appendOneStatement(created(ADA), [identityProjection], command)],
    ['many', appendManyStatement([created(ADA), changed(BOB), deleted(EVE)], [identityProjection])],
  ])('stands in golden/%s.sql', (name, { text, values }) => {
    expect(`${withoutLineEnds(text)};\n`).toBe(withoutLineEnds(golden(name)));
    expect(values).toHaveLength(highestParameter(text));
  });
});

/** What a decision appends to a stream that holds these events. */
function append(
  streamId: string,
  earlier: readonly NewEvent<IdentityEvent>[],
  decision: Decision<Identity, IdentityEvent>,
): IdentityAppend {
  const before = fold(rules.identityDecider, earlier);
  const events = decision(before).map(newEvent);
  const after = fold(rules.identityDecider, events, before);
  return { streamId, category: IDENTITY_CATEGORY, expectedVersion: earlier.length, events, before, after };
}

function newEvent(event: IdentityEvent): NewEvent<IdentityEvent> {
  return {
    ...event,
    id: '00000000-0000-7000-8000-0000000000e0',
    schemaVersion: 1,
    metadata: {
      actor: 'key:1',
      source: 'rest',
      correlationId: 'c-1',
      occurredAt: '2026-11-23T12:00:00.000Z',
    },
  };
}

const golden = (name: string): string =>
  readFileSync(new URL(`./golden/${name}.sql`, import.meta.url), 'utf8');

const withoutLineEnds = (sql: string): string => sql.replaceAll(/[ \t\r]+$/gm, '');

const highestParameter = (sql: string): number =>
  Math.max(...[...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
