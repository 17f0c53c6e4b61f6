import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { FaultWorld } from './support/fault-world.js';
import { ModelledPeople, type Person } from './support/modelled-people.js';
import { scaled } from './support/scale.js';
import { expectSound } from './support/verdict.js';

jest.setTimeout(600_000);

/** T21: whatever is asked for, in whatever order and with whatever faults between, is what a map in memory would hold. */
describe('the REST API against a model in memory', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await FaultWorld.open({ apis: 2, workers: 0 });
  });
  afterAll(() => world.close());

  it('answers as the model does, through lost connections', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(allCommands(), { maxCommands: 60, size: '+1' }), async (commands) => {
        const setup = () => ({
          model: new Map<string, Person>(),
          real: new ModelledPeople(world, randomUUID()),
        });
        await fc.asyncModelRun(setup, commands);
      }),
      { numRuns: scaled(40, 20), interruptAfterTimeLimit: 300_000 },
    );
  });

  it('has nothing else in its log', async () => {
    await world.load.start();
    await world.load.works(5);
    expectSound(await world.judge('the model'));
  });
});

type Model = Map<string, Person>;
type Command = fc.AsyncCommand<Model, ModelledPeople>;

/** A step that reads as what is done, so that a failing run tells its story. */
const step = (name: string, run: (model: Model, real: ModelledPeople) => Promise<void>): Command => ({
  check: () => true,
  run,
  toString: () => name,
});

const key = fc.constantFrom('a', 'b', 'c');
const name = fc.constantFrom('Ada', 'Grace', 'Hedy');
const property = fc.constantFrom('plan', 'seat');

function allCommands(): fc.Arbitrary<Command>[] {
  return [
    fc
      .tuple(key, name)
      .map(([k, n]) => step(`create(${k}, ${n})`, (model, real) => create(model, real, k, n))),
    fc
      .tuple(key, name)
      .map(([k, n]) => step(`upsert(${k}, ${n})`, (model, real) => upsert(model, real, k, n))),
    fc
      .tuple(key, name)
      .map(([k, n]) => step(`rename(${k}, ${n})`, (model, real) => rename(model, real, k, n))),
    fc
      .tuple(key, key)
      .map(([k, to]) => step(`rekey(${k}, ${to})`, (model, real) => rekey(model, real, k, to))),
    fc
      .tuple(key, property, name)
      .map(([k, p, v]) => step(`set(${k}.${p}, ${v})`, (model, real) => set(model, real, k, [p, v]))),
    fc
      .tuple(key, property)
      .map(([k, p]) => step(`unset(${k}.${p})`, (model, real) => unset(model, real, k, p))),
    key.map((k) => step(`remove(${k})`, (model, real) => remove(model, real, k))),
    fc.constant(step('list', (model, real) => list(model, real))),
    fc.constant(step('cut connections', async (_, real) => real.cut())),
    fc.constant(step('look at the past', (model, real) => past(model, real))),
  ];
}

async function create(model: Model, real: ModelledPeople, k: string, n: string): Promise<void> {
  const answer = await real.send('POST', '', { identifier_key: real.key(k), name: n, identity_type: 'user' });
  expect(answer.status).toBe(model.has(k) ? 409 : 200);
  if (!model.has(k)) model.set(k, real.born(answer, n));
}

async function upsert(model: Model, real: ModelledPeople, k: string, n: string): Promise<void> {
  const answer = await real.send('PUT', '', { identifier_key: real.key(k), name: n, identity_type: 'user' });
  expect(answer.status).toBe(200);
  const person = model.get(k);
  if (person) real.changed(person, answer, person.name !== n, { name: n });
  else model.set(k, real.born(answer, n));
}

async function rename(model: Model, real: ModelledPeople, k: string, n: string): Promise<void> {
  const person = model.get(k);
  const answer = await real.send('PATCH', person?.id ?? NOBODY, { name: n });
  if (!person) expect(answer.status).toBe(404);
  else real.changed(person, answer, person.name !== n, { name: n });
}

async function rekey(model: Model, real: ModelledPeople, k: string, to: string): Promise<void> {
  const person = model.get(k);
  const answer = await real.send('PATCH', person?.id ?? NOBODY, { identifier_key: real.key(to) });
  if (!person) return expect(answer.status).toBe(404);
  if (k !== to && model.has(to)) return expect(answer.status).toBe(409);
  real.changed(person, answer, k !== to, {});
  model.delete(k);
  model.set(to, person);
}

async function set(
  model: Model,
  real: ModelledPeople,
  k: string,
  [p, value]: [string, string],
): Promise<void> {
  const person = model.get(k);
  const body = [{ key: p, type: 'string', value }];
  const answer = await real.send('PUT', `${person?.id ?? NOBODY}/properties`, body);
  if (!person) return expect(answer.status).toBe(404);
  const isNew = person.properties[p] !== value;
  real.changed(person, answer, isNew, { properties: { ...person.properties, [p]: value } });
}

async function unset(model: Model, real: ModelledPeople, k: string, p: string): Promise<void> {
  const person = model.get(k);
  const answer = await real.send('DELETE', `${person?.id ?? NOBODY}/properties/${p}`);
  if (!person) return expect(answer.status).toBe(404);
  const { [p]: gone, ...properties } = person.properties;
  real.changed(person, answer, gone !== undefined, { properties });
}

async function remove(model: Model, real: ModelledPeople, k: string): Promise<void> {
  const person = model.get(k);
  const answer = await real.send('DELETE', person?.id ?? NOBODY);
  expect(answer.status).toBe(person ? 200 : 404);
  model.delete(k);
}

async function list(model: Model, real: ModelledPeople): Promise<void> {
  const found = await real.everybody();
  const expected = [...model.entries()].map(([k, { id, name: n, properties }]) => ({
    id,
    key: real.key(k),
    name: n,
    properties,
  }));
  const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
  expect(found.sort(byId)).toEqual(expected.sort(byId));
}

/** T17 from outside: each version ever seen is still what it was. */
async function past(model: Model, real: ModelledPeople): Promise<void> {
  for (const { id, was } of model.values())
    for (const [at, before] of was.entries()) expect(await real.asOf(id, at + 1)).toEqual(before);
}

const NOBODY = 'identity-123e4567-e89b-42d3-8456-426614174000';
