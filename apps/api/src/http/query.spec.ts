import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Limit, pageParams, tidyQuery } from './query.js';

describe('a query', () => {
  it('counts an empty value as absent', () =>
    expect({ ...tidyQuery({ name: '', limit: '5' }) }).toEqual({ limit: '5' }));

  it('collects what is in brackets, whatever the key', () =>
    expect({
      ...tidyQuery({ 'property[plan]': 'pro', 'property[a][b]': 'x', 'property[__proto__]': 'y' }),
    }).toEqual({
      property: [
        ['plan', 'pro'],
        ['a][b', 'x'],
        ['__proto__', 'y'],
      ],
    }));

  it('leaves a repeated parameter a list', () =>
    expect({ ...tidyQuery({ include: ['a', 'b'] }) }).toEqual({ include: ['a', 'b'] }));

  it('has no prototype to poison', () => {
    const tidy = tidyQuery(JSON.parse('{"__proto__":"x"}'));
    expect(Object.getPrototypeOf(tidy)).toBeNull();
    expect(Object.keys(tidy)).toEqual(['__proto__']);
  });
});

describe('a page', () => {
  it('is 50 of the newest unless said otherwise', () =>
    expect(z.object(pageParams).parse({})).toEqual({ limit: 50, order: 'desc', order_by: 'created_at' }));

  it.each(['1', '1000'])('has room for %s', (limit) => expect(Limit.parse(limit)).toBe(Number(limit)));

  it.each(['0', '1001', '-1', '1.5', '1e2', ' 5', '９', 'Infinity'])('has no room for %s', (limit) =>
    expect(Limit.safeParse(limit).error?.issues[0]?.message).toBe('expected a whole number from 1 to 1000'),
  );
});
