import { describe, expect, it } from '@jest/globals';
import { allows, SCOPES } from './api-key.js';

describe('scopes', () => {
  it('include the ones before them', () => {
    expect(SCOPES.filter((needed) => allows(['read'], needed))).toEqual(['read']);
    expect(SCOPES.filter((needed) => allows(['write'], needed))).toEqual(['read', 'write']);
    expect(SCOPES.filter((needed) => allows(['admin'], needed))).toEqual(['read', 'write', 'admin']);
  });

  it('add up', () => expect(allows(['read', 'write'], 'write')).toBe(true));

  it('allow nothing when there are none', () => expect(allows([], 'read')).toBe(false));
});
