import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { fold, type RecordedEvent } from '#event-sourcing';
import { identityDecider } from './identity.decider.js';
import { type IdentityEvent, identityEvents } from './identity.events.js';

/**
 * Each released version of an event type as it lies in logs out there. A version that changed would make those logs
 * unreadable: add a version with an upcast and a golden file instead. `released.json` holds what was released.
 */
const folder = new URL('./golden/', import.meta.url);
const released: Record<string, string> = JSON.parse(read('released.json'));
const files = readdirSync(folder).filter((name) => name !== 'released.json');

describe('the golden files of identity events', () => {
  it('exist for every version of every type', () => {
    const versions = identityEvents.types.flatMap((type) =>
      Array.from({ length: identityEvents.currentVersion(type) }, (_, n) => `${type}.v${n + 1}.json`),
    );
    expect(files.toSorted()).toEqual(versions.toSorted());
  });

  it('never change once released', () => {
    expect(Object.fromEntries(files.map((name) => [name, hashOf(name)]))).toEqual(released);
  });

  it.each(files)('%s says what it is', (name) => {
    const { type, schemaVersion } = golden(name);
    expect(name).toBe(`${type}.v${schemaVersion}.json`);
  });

  it.each(files)('%s becomes an event of today that an identity knows what to do with', (name) => {
    const event = identityEvents.upcast(golden(name));
    expect(event.schemaVersion).toBe(identityEvents.currentVersion(event.type));
    const born = identityEvents.upcast(golden('IdentityCreated.v1.json'));
    const before = fold(identityDecider, event.type === 'IdentityCreated' ? [] : [born]);
    const after = identityDecider.evolve(before, event);
    expect({ event: factOf(event), before, after }).toMatchSnapshot();
  });
});

const factOf = ({ type, data }: IdentityEvent) => ({ type, data });

/** Of the content, whatever a formatter makes of the file. */
const hashOf = (name: string): string =>
  createHash('sha256')
    .update(JSON.stringify(JSON.parse(read(name))))
    .digest('hex');

function read(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

const golden = (name: string): RecordedEvent => ({
  ...JSON.parse(read(name)),
  id: '01998f0e-0000-7000-8000-000000000000',
  metadata: { actor: 'key:1', source: 'rest', correlationId: 'c-1', occurredAt: '2026-11-23T12:00:00.000Z' },
  streamId: '5b2a5e1e-6f0b-4b43-9b1e-0d8f3c1a7e42',
  version: 1,
  globalPosition: 1,
  recordedAt: new Date(0),
});
