import { describe, expect, it } from '@jest/globals';
import { knownConnectors } from '#connectors';
import { describeConnectors } from './connector-catalog.js';

describe('the catalog of connectors', () => {
  const catalog = describeConnectors();

  it('has every one of them', () =>
    expect(catalog.map(({ kind }) => kind)).toEqual(
      knownConnectors().map(({ descriptor }) => descriptor.id),
    ));

  it.each(catalog.map((entry) => [entry.kind, entry] as const))('says what %s takes', (_, entry) => {
    expect(entry).toMatchObject({ settings: { type: 'object' }, secrets: { type: 'object' } });
    expect(entry.streams.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(entry))).toMatchObject({ kind: entry.kind });
  });

  it('asks for nothing that has a default', () =>
    expect(catalog.find(({ kind }) => kind === 'hubspot')?.settings.required ?? []).toEqual([]));
});
