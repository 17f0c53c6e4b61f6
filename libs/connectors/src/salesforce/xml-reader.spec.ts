import { describe, expect, it } from '@jest/globals';
import { readXml } from './xml-reader.js';

const bounds = { depth: 3, parts: 10 };

describe('XML as SOAP uses it', () => {
  it('is read as elements, attributes and texts, without prefixes', () => {
    const xml = `<?xml version="1.0"?><!-- <a> --><s:a xmlns:s='urn:x' s:b = "1>2">
      one <![CDATA[<two>]]><s:c/>&amp;</s:a >\n`;
    expect(readXml(xml, bounds)).toMatchObject({
      name: 'a',
      attributes: new Map([
        ['s', 'urn:x'],
        ['b', '1>2'],
      ]),
      text: 'one<two>&',
      children: [{ name: 'c', children: [], text: '' }],
    });
  });

  it.each([
    '',
    'text',
    '<a>',
    '</a>',
    '<a></b>',
    '<a/><b/>',
    '<a/>text',
    'text<a/>',
    '<a b/>',
    '<a b=c/>',
    '<a b="c/>',
    '<a b="<"/>',
    '<a',
    '<',
    '<>',
    '<a><!-- </a>',
    '<a><![CDATA[ </a>',
    '<a><? </a>',
    '<a><!ENTITY b "c"></a>',
    '<a>&b;</a>',
    '<p:a></q:a>',
    '< a/>',
    '<a//>',
  ])('is malformed: %j', (xml) => {
    expect(() => readXml(xml, bounds)).toThrow('is XML that is cut off or malformed');
  });

  it.each(['<!DOCTYPE a><a/>', '<!DOCTYPE a [<!ENTITY b "&c;&c;">]><a>&b;</a>'])(
    'declares no document type: %s',
    (xml) => expect(() => readXml(xml, bounds)).toThrow('declares a document type'),
  );

  it.each([
    ['nests deeper than 3 levels', '<a><a><a><a/></a></a></a>', '<a><a><a></a></a></a>'],
    ['has more than 10 elements', `<a>${'<b/>'.repeat(10)}</a>`, `<a>${'<b/>'.repeat(9)}</a>`],
    ['has more than 10 elements', withAttributes(10), withAttributes(9)],
    ['nests deeper than 3 levels', '<a>'.repeat(300_000), '<a/>'],
  ])('is bounded: it %s', (reason, tooMuch, enough) => {
    expect(() => readXml(tooMuch, bounds)).toThrow(reason);
    expect(readXml(enough, bounds).name).toBe('a');
  });
});

function withAttributes(count: number): string {
  return `<a${Array.from({ length: count }, (_, at) => ` b${at}="1"`).join('')}/>`;
}
