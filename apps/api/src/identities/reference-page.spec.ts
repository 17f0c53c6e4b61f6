import { describe, expect, it } from '@jest/globals';
import { CursorNotFoundError } from '#identity';
import { pageOfReferences, type ReferencePage } from './reference-page.js';

describe('a page of references', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];

  it.each<[string, Partial<ReferencePage>, string]>([
    ['the newest first', {}, 'edcba'],
    ['the oldest first', { order: 'asc' }, 'abcde'],
    ['as many as asked for', { limit: 2 }, 'ed'],
    ['right after a cursor', { after: 'd', limit: 2 }, 'cb'],
    ['right before a cursor', { before: 'a', limit: 2 }, 'cb'],
    ['right before a cursor, oldest first', { before: 'e', limit: 2, order: 'asc' }, 'cd'],
    ['between two', { after: 'e', before: 'b' }, 'dc'],
    ['between two the wrong way round', { after: 'b', before: 'e' }, ''],
    ['after the last one', { after: 'a' }, ''],
  ])('%s', async (_, page, expected) => expect((await pageOf(page)).join('')).toBe(expected));

  it('goes on after a reference that was detached meanwhile', async () => {
    expect(await pageOf({ after: 'x', limit: 2 }, ['a', 'b', 'x', 'c'])).toEqual(['b', 'a']);
  });

  it('knows no cursor that was never attached', async () =>
    expect(pageOf({ after: 'z' })).rejects.toThrow(new CursorNotFoundError('z', 'Agent')));

  it('passes over objects that are gone, and fills the page', async () =>
    expect(await pageOf({ limit: 2 }, ids, ['e', 'c'])).toEqual(['d', 'b']));

  const pageOf = (page: Partial<ReferencePage>, ever = ids, gone: string[] = []) =>
    pageOfReferences(
      { kind: 'Agent', attached: ever.filter((id) => id !== 'x'), everAttached: async () => ever },
      { limit: 50, order: 'desc', ...page },
      async (id) => (gone.includes(id) ? undefined : id),
    );
});
