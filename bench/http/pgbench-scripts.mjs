/**
 * The recorded statements as pgbench scripts: what the rows hold as literals, what must differ from one transaction to
 * the next as an expression or variable.
 */
export function pgbenchScripts({ create, load, modify, retrieve, byKey, list }, people) {
  const anyone = `\\set n random(1, ${people})`;
  // A part of the people for each client: two clients never change the same one at once.
  const ownPerson = `\\set n :client_id * ${Math.floor(people / 32)} + random(1, ${Math.floor(people / 32)})`;
  return {
    create: lines(inlined(create, { 0: 'gen_random_uuid()', 3: 'gen_random_uuid()', 9: NEW_KEY })),
    modify: lines(
      ownPerson,
      `${inlined(load, { 0: PERSON_ID })} \\gset`,
      inlined(modify, {
        0: PERSON_ID,
        2: ':stream_version',
        3: 'gen_random_uuid()',
        9: ':identifier_key',
        17: NEW_PLAN,
      }),
    ),
    retrieve: lines(anyone, inlined(retrieve, { 0: PERSON_ID })),
    byKey: lines(anyone, inlined(byKey, { 0: `('person-' || :n || '@example.com')` })),
    list: lines(inlined(list, {})),
  };
}

const PERSON_ID = `('00000000-0000-4000-8000-' || lpad(to_hex(:n::int), 12, '0'))::uuid`;
const NEW_KEY = `(gen_random_uuid() || '@example.com')`;
const NEW_PLAN = `array['plan-' || :stream_version]`;

const lines = (...parts) =>
  `${parts
    .map((part) => part.replaceAll(/\s*\n\s*/g, ' '))
    .join('\n')
    .replaceAll(/(?<!\\gset)$/g, ';')}\n`;

/** The text with its parameters replaced: by what `given` says for their place, else by the recorded value. */
export function inlined({ text, values }, given) {
  return text.replaceAll(/\$(\d+)/g, (_, number) => given[number - 1] ?? literal(values[number - 1]));
}

function literal(value) {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `'{${value.map((item) => JSON.stringify(item)).join()}}'`;
  // pgbench would take a colon before a letter for a variable, in a string too.
  return `'${String(value)
    .replaceAll("'", "''")
    .replaceAll(/:(?=[a-z_])/gi, ': ')}'`;
}
