import { StringDecoder } from 'node:string_decoder';

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Bytes as text in pieces of at least `pieceLength` characters, without a byte order mark. */
export async function* decodeText(
  source: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  pieceLength: number,
): AsyncGenerator<string, void, undefined> {
  const decoder = textDecoder(encoding);
  let pending = '';
  let first = true;
  const take = () => {
    const piece = first ? withoutMark(pending) : pending;
    first = false;
    pending = '';
    return piece;
  };
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += pieceLength) {
      pending += decoder.write(chunk.subarray(at, at + pieceLength));
      if (pending.length >= pieceLength) yield take();
    }
  }
  pending += decoder.end();
  if (pending !== '') yield take();
}

/** Byte order mark first, then where the zero bytes of ASCII text lie, then whether it is valid UTF-8. */
export function detectEncoding(sample: Uint8Array): Encoding {
  const [first, second] = sample;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return encodingByZeros(sample) ?? (isUtf8(sample) ? 'utf-8' : 'windows-1252');
}

export const textOf = (sample: Uint8Array, encoding: Encoding): string =>
  withoutMark(textDecoder(encoding).write(sample));

const withoutMark = (text: string) => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);

function encodingByZeros(sample: Uint8Array): Encoding | undefined {
  const zeros = [0, 0];
  const length = Math.min(sample.length, 4096) & ~1;
  for (let at = 0; at < length; at += 2) {
    if (sample[at] === 0) zeros[0] = (zeros[0] ?? 0) + 1;
    if (sample[at + 1] === 0) zeros[1] = (zeros[1] ?? 0) + 1;
  }
  const [even = 0, odd = 0] = zeros;
  if (odd > length / 4 && even < odd / 8) return 'utf-16le';
  if (even > length / 4 && odd < even / 8) return 'utf-16be';
  return undefined;
}

function isUtf8(sample: Uint8Array): boolean {
  try {
    // `stream` forgives a character that the end of the sample cuts in two.
    new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: true });
    return true;
  } catch {
    return false;
  }
}

interface Decoder {
  write(bytes: Uint8Array): string;
  end(): string;
}

/** StringDecoder keeps ASCII text at one byte a character, which TextDecoder does not in Node 20. */
function textDecoder(encoding: Encoding): Decoder {
  if (encoding === 'utf-8' || encoding === 'utf-16le') {
    const decoder = new StringDecoder(encoding);
    return { write: (bytes) => decoder.write(bufferOf(bytes)), end: () => decoder.end() };
  }
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  Buffer.from(buffer, byteOffset, byteLength);
