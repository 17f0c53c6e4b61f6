import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fillBody, fillPath, fillTemplate, fillText, placeholdersOf, valueAt } from './template.js';

const scope = { settings: { host: 'x.example', n: 7 }, page: {}, ids: ['a', 'b'] };

describe('templates', () => {
  it('fill a placeholder in, and give the value itself when there is nothing else', () => {
    expect(fillTemplate('https://{{settings.host}}/v{{ settings.n }}', scope)).toBe('https://x.example/v7');
    expect(fillTemplate('{{settings.n}}', scope)).toBe(7);
    expect(fillTemplate('{{ids}}', scope)).toEqual(['a', 'b']);
    expect(fillText('{{ids}}', scope)).toBe('a,b');
  });

  it('leave out what has nothing to say, and refuse a hole in a text', () => {
    expect(fillText('{{page.token}}', scope)).toBeUndefined();
    expect(() => fillTemplate('after {{page.token}}', scope)).toThrow(/page\.token has no value/);
  });

  it('fill bodies in, without the members that have nothing to say', () => {
    const body = { a: [{ after: '{{page.token}}', n: '{{settings.n}}' }], limit: 5, on: true, none: null };
    expect(fillBody(body, scope)).toEqual({ a: [{ n: 7 }], limit: 5, on: true, none: null });
  });

  it('never look behind own fields', () => {
    for (const path of [
      'constructor',
      '__proto__',
      'settings.constructor.name',
      'ids.length.x',
      'settings.host.length',
    ])
      expect(fillTemplate(`{{${path}}}`, scope)).toBeUndefined();
    expect(valueAt([1, [2]], '1.0')).toBe(2);
  });

  it('name their paths, and braces that are none', () => {
    expect(placeholdersOf('{{a.b}}/{{ c }}')).toEqual({ paths: ['a.b', 'c'], stray: false });
    for (const text of ['{{}}', '{{a b}}', '{{a.}}', '{{a', '{{$eval("1")}}'])
      expect(placeholdersOf(text).stray).toBe(true);
  });

  it('keep whatever is filled in inside its path segment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (id) => {
        fc.pre(id !== '.' && id !== '..');
        const url = new URL(`https://x.example${fillPath('/v1/people/{{id}}/notes', { id })}`);
        const segments = url.pathname.split('/');
        expect(segments).toHaveLength(5);
        expect(decodeURIComponent(segments[3] ?? '')).toBe(id);
        expect(url.search + url.hash).toBe('');
      }),
    );
    for (const id of ['.', '..']) expect(() => fillPath('/v1/{{id}}', { id })).toThrow(/must not be/);
  });

  it('give texts back as they are, and fill each value in once', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, value) => {
        fc.pre(!text.includes('{') && !text.includes('}'));
        expect(fillTemplate(text, {})).toBe(text);
        expect(fillTemplate(`${text}|{{v}}`, { v: value })).toBe(`${text}|${value}`);
      }),
    );
  });
});
