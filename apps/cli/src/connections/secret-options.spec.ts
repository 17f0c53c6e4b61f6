import { describe, expect, it } from '@jest/globals';
import type { InputSchema } from './connector-calls.js';
import { readSecrets, secretOption, variableFor } from './secret-options.js';
import { keyValue, typedSettings } from './typed-input.js';

const schema: InputSchema = {
  properties: { baseUrl: { type: 'string' }, limit: { type: 'integer' }, streams: { type: 'array' } },
  required: [],
};

describe('a setting on the command line', () => {
  const settings = (...texts: string[]) =>
    typedSettings(
      texts.reduce<ReturnType<typeof keyValue>>((pairs, text) => keyValue(text, pairs), []),
      schema,
    );

  it.each([
    ['base_url=http://x', { baseUrl: 'http://x' }],
    ['base-url=http://x', { baseUrl: 'http://x' }],
    ['baseUrl=123', { baseUrl: '123' }],
    ['limit=5', { limit: 5 }],
    ['streams=["a"]', { streams: ['a'] }],
    ['limit=', { limit: null }],
    ['un_known=x', { unKnown: 'x' }],
  ])('is taken as the connector spells and types it: %s', (text, expected) =>
    expect(settings(text)).toEqual(expected),
  );

  it('is refused without a name', () => expect(() => keyValue('=x')).toThrow(/key=value/));
});

describe('a secret on the command line', () => {
  it.each([
    ['token', { name: 'token' }],
    ['token=@a/b.txt', { name: 'token', from: { file: 'a/b.txt' } }],
    ['token=env:MY_TOKEN', { name: 'token', from: { variable: 'MY_TOKEN' } }],
  ])('is a name and a place: %s', (text, expected) => expect(secretOption(text)).toEqual([expected]));

  it('is never the secret itself', () => expect(() => secretOption('token=pat-123')).toThrow(/history/));

  it('has an environment variable by its kind and name', () =>
    expect(variableFor('my-crm', 'clientSecret')).toBe('MY_CRM_CLIENT_SECRET'));

  it('is missed by name when its variable is empty', async () => {
    const option = { name: 'token', from: { variable: 'SURELY_NOT_SET' } };
    await expect(readSecrets([option], schema, 'x')).rejects.toThrow(/SURELY_NOT_SET/);
  });
});
