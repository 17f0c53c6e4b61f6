import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requestId } from './request-id.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const idOf = (traceparent?: string | string[]) =>
  requestId({ headers: { ...(traceparent !== undefined && { traceparent: traceparent as string }) } });

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((text) => !/^0+$/.test(text));

describe('the id of a request', () => {
  it.each([
    ['as it stands today', `00-${TRACE}-${PARENT}-01`],
    ['not sampled', `00-${TRACE}-${PARENT}-00`],
    ['with flags we do not know', `00-${TRACE}-${PARENT}-ff`],
    ['of a later version', `01-${TRACE}-${PARENT}-01`],
    ['of a later version that says more', `cc-${TRACE}-${PARENT}-01-what-the-future-brings`],
    ['of a later version that ends in a dash', `fe-${TRACE}-${PARENT}-01-`],
  ])('is the trace id of a traceparent %s', (_, given) => expect(idOf(given)).toBe(TRACE));

  it.each([
    ['no header', undefined],
    ['an empty one', ''],
    ['the id alone', TRACE],
    ['upper case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['an upper case parent', `00-${TRACE}-${PARENT.toUpperCase()}-01`],
    ['a version that is none', `ff-${TRACE}-${PARENT}-01`],
    ['an upper case version', `CC-${TRACE}-${PARENT}-01`],
    ['a short version', `0-${TRACE}-${PARENT}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a trace of zeros in a later version', `01-${'0'.repeat(32)}-${PARENT}-01-x`],
    ['a short trace', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['a long trace', `00-${TRACE}0-${PARENT}-01`],
    ['no flags', `00-${TRACE}-${PARENT}`],
    ['flags of three digits', `00-${TRACE}-${PARENT}-012`],
    ['flags of three digits in a later version', `01-${TRACE}-${PARENT}-012`],
    ['more than version 00 may say', `00-${TRACE}-${PARENT}-01-more`],
    ['blanks inside', `00-${TRACE} -${PARENT}-01`],
    ['something before it', `x00-${TRACE}-${PARENT}-01`],
    ['a line after it', `00-${TRACE}-${PARENT}-01\n`],
    ['two headers, as Node joins them', `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
    ['two headers of a later version', `01-${TRACE}-${PARENT}-01-a, 01-${TRACE}-${PARENT}-01-b`],
    ['two headers as a list', [`00-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-01`]],
  ])('is made anew for %s', (_, given) => {
    expect(idOf(given)).toMatch(/^[0-9a-f]{32}$/);
    expect(idOf(given)).not.toBe(TRACE);
  });

  it('is the one given, whatever it is', () =>
    fc.assert(
      fc.property(hex(32), hex(16), fc.constantFrom('00', '01', '7f', 'fe'), (trace, parent, version) => {
        expect(idOf(`${version}-${trace}-${parent}-01`)).toBe(trace);
      }),
    ));

  it('is a trace id, whatever comes', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly()), (given) => {
        expect(idOf(given)).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
      }),
    ));

  it('is another one each time', () => {
    const ids = Array.from({ length: 10_000 }, () => idOf());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is not what X-Request-Id asks for', () =>
    expect(requestId({ headers: { 'x-request-id': TRACE } })).not.toBe(TRACE));
});

/** A right one with a character exchanged. */
const nearly = () =>
  fc
    .tuple(fc.nat({ max: 54 }), fc.string({ minLength: 0, maxLength: 2 }))
    .map(
      ([at, text]) =>
        `00-${TRACE}-${PARENT}-01`.slice(0, at) + text + `00-${TRACE}-${PARENT}-01`.slice(at + 1),
    );
