import { expect } from '@jest/globals';
import type { FaultWorld } from './fault-world.js';
import { newRequestId, type Try, untilKnown } from './persistent-request.js';

/** What the model knows of an identity. */
export interface Person {
  readonly id: string;
  name: string;
  properties: Readonly<Record<string, string>>;
  /** What it was at each version, from the first one on. */
  readonly was: { readonly name: string; readonly properties: Readonly<Record<string, string>> }[];
}

interface OnTheWire {
  readonly id: string;
  readonly identifier_key: string;
  readonly name: string;
  readonly properties: readonly { readonly key: string; readonly value: string }[];
}

/** The real side of the model: each run has keys of its own, and asks until it knows. */
export class ModelledPeople {
  constructor(
    private readonly world: FaultWorld,
    private readonly run: string,
  ) {}

  key = (key: string): string => `${this.run}-${key}`;

  async send(method: string, path: string, body?: unknown): Promise<Try> {
    const request = { id: newRequestId(), method, path: `/v1/identities/${path}`, body };
    const { answer } = await untilKnown(() => this.world.targets, request);
    if (!answer) throw new Error('Nobody answered');
    return answer;
  }

  async cut(): Promise<void> {
    await this.world.hurt('all connections cut', () => this.world.proxy.cutOnce());
  }

  born({ body, etag }: Try, name: string): Person {
    expect(etag).toBe('"1"');
    return { id: (body as OnTheWire).id, name, properties: {}, was: [{ name, properties: {} }] };
  }

  /** The answer is the identity after the change, one version on when there was anything to change. */
  changed(
    person: Person,
    { status, etag, body }: Try,
    isNews: boolean,
    changes: Partial<Pick<Person, 'name' | 'properties'>>,
  ): void {
    expect(status).toBe(200);
    Object.assign(person, changes);
    const { name, properties } = person;
    if (isNews) person.was.push({ name, properties });
    expect(etag).toBe(`"${person.was.length}"`);
    expect(seen(body as OnTheWire)).toMatchObject({ id: person.id, name, properties });
  }

  async everybody() {
    const found = [];
    for (const key of ['a', 'b', 'c']) {
      const { body } = await this.send('GET', `?identifier_key=${this.key(key)}`);
      found.push(...(body as OnTheWire[]).map(seen));
    }
    return found;
  }

  async asOf(id: string, version: number): Promise<Person['was'][number]> {
    const { name, properties } = seen((await this.send('GET', `${id}?as_of=${version}`)).body as OnTheWire);
    return { name, properties };
  }
}

const seen = ({ id, identifier_key: key, name, properties }: OnTheWire) => ({
  id,
  key,
  name,
  properties: Object.fromEntries(properties.map((property) => [property.key, property.value])),
});
