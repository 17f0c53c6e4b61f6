/** The first bytes of a source, and the whole source still to be read. */
export interface PeekedSource {
  readonly head: Uint8Array;
  readonly source: AsyncIterable<Uint8Array>;
}

/** Reads ahead until `size` bytes or the end; `source` gives those bytes again, then the rest. */
export async function peek(source: AsyncIterable<Uint8Array>, size: number): Promise<PeekedSource> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < size) {
    const { done, value } = await iterator.next();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  return { head: Buffer.concat(chunks).subarray(0, size), source: replay(chunks, iterator) };
}

async function* replay(
  chunks: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
