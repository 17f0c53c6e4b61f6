import { SaxesParser } from 'saxes';

/** An element of an XML document. Names are without prefix; text is trimmed. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

export interface XmlBounds {
  readonly depth: number;
  /** Elements and attributes. */
  readonly parts: number;
}

/** Why a text is not read as XML; never with a word from it. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

/**
 * Reads the XML that SOAP is made of, in one pass. A document type is rejected, so that no entity of its own is resolved.
 * fast-xml-parser was used first: it takes half a microsecond a character and five a tag, so that a megabyte held the loop
 * for a second, and there is no stopping it at a bound.
 * @throws XmlError
 */
export function readXml(xml: string, bounds: XmlBounds): XmlElement {
  const tree = new XmlTree(bounds);
  const parser = new SaxesParser();
  // Its message quotes the document.
  parser.on('error', () => {
    throw new XmlError('is XML that is cut off or malformed');
  });
  parser.on('doctype', () => {
    throw new XmlError('declares a document type');
  });
  parser.on('attribute', ({ name, value }) => tree.attribute(name, value));
  parser.on('opentag', ({ name }) => tree.open(name));
  parser.on('closetag', () => tree.close());
  parser.on('text', (text) => tree.text(text.trim()));
  parser.on('cdata', (text) => tree.text(text));
  parser.write(xml).close();
  return tree.root();
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

class XmlTree {
  private readonly document = opened('', new Map());
  private readonly path: OpenElement[] = [this.document];
  /** Of the tag that is being read. */
  private attributes = new Map<string, string>();
  private parts = 0;

  constructor(private readonly bounds: XmlBounds) {}

  /** The parser has seen to it that there is one. */
  root(): XmlElement {
    return this.document.children[0] as XmlElement;
  }

  attribute(name: string, value: string): void {
    this.attributes.set(withoutPrefix(name), value);
    this.count();
  }

  open(name: string): void {
    const element = opened(withoutPrefix(name), this.attributes);
    this.attributes = new Map();
    this.count();
    this.innermost().children.push(element);
    if (this.path.length > this.bounds.depth)
      throw new XmlError(`nests deeper than ${this.bounds.depth} levels`);
    this.path.push(element);
  }

  close(): void {
    this.path.pop();
  }

  text(text: string): void {
    this.innermost().text += text;
  }

  private count(): void {
    this.parts += 1;
    if (this.parts > this.bounds.parts)
      throw new XmlError(`has more than ${this.bounds.parts} elements and attributes`);
  }

  private innermost(): OpenElement {
    return this.path.at(-1) ?? this.document;
  }
}

const opened = (name: string, attributes: ReadonlyMap<string, string>): OpenElement => ({
  name,
  attributes,
  children: [],
  text: '',
});

const withoutPrefix = (name: string): string => name.slice(name.indexOf(':') + 1);
