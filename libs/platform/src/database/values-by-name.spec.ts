import { describe, expect, it } from '@jest/globals';
import { valuesByName } from './values-by-name.js';

describe('a statement that calls its values by name', () => {
  it('sends them in the order in which it first names them', () => {
    const move = valuesByName<{ id: string; to: number }>('update t set place = :to where id = :id');
    expect(move({ id: 'a', to: 7 })).toEqual({
      text: 'update t set place = $1 where id = $2',
      values: [7, 'a'],
    });
  });

  it('sends one that it names twice once', () => {
    const find = valuesByName<{ id: string }>('select * from t where a = :id or b = :id');
    expect(find({ id: 'a' })).toEqual({ text: 'select * from t where a = $1 or b = $1', values: ['a'] });
  });

  it('takes casts for casts', () => {
    const count = valuesByName<{ rows: number }>('select :rows::int, now()::text');
    expect(count({ rows: 1 }).text).toBe('select $1::int, now()::text');
  });

  it('sends null for null', () => {
    expect(valuesByName<{ a: null }>('select :a')({ a: null }).values).toEqual([null]);
  });

  it('refuses to be sent without one of them', () => {
    const find = valuesByName<{ id: string }>('select :id, :nobody');
    expect(() => find({ id: 'a' })).toThrow(':nobody');
  });
});
