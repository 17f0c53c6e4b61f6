import { PostgresEventStore } from '#event-sourcing';
import {
  type CommandContext,
  IdentityRepository,
  identityProjection,
  type NewIdentity,
  UpsertIdentities,
  UpsertIdentitiesHandler,
} from '#identity';
import type { Pool } from '#platform';

/** Loads the demo roster; starting with `--demo` again changes nothing. */
export async function loadDemoRoster(pool: Pool): Promise<void> {
  const repository = new IdentityRepository(new PostgresEventStore(pool, [identityProjection]));
  await new UpsertIdentitiesHandler(repository).execute(
    new UpsertIdentities(roster, context, { mode: 'merge' }),
  );
}

const context: CommandContext = {
  metadata: { actor: 'rollcall:demo', source: 'cli', correlationId: 'demo-roster' },
  access: 'all',
};

const person = (identifierKey: string, name: string, plan: string, company: string): NewIdentity => ({
  projectId: null,
  identifierKey,
  name,
  identityType: 'user',
  properties: [
    { key: 'plan', type: 'string', value: plan },
    { key: 'company', type: 'string', value: company },
  ],
});

const company = (identifierKey: string, name: string, employees: number): NewIdentity => ({
  projectId: null,
  identifierKey,
  name,
  identityType: 'org',
  properties: [{ key: 'employees', type: 'number', value: employees }],
});

const roster: readonly NewIdentity[] = [
  company('analytical-engines.example', 'Analytical Engines', 42),
  company('northwind.example', 'Northwind Traders', 310),
  person('ada@analytical-engines.example', 'Ada Lovelace', 'pro', 'analytical-engines.example'),
  person('charles@analytical-engines.example', 'Charles Babbage', 'free', 'analytical-engines.example'),
  person('grace@northwind.example', 'Grace Hopper', 'pro', 'northwind.example'),
  person('alan@northwind.example', 'Alan Turing', 'trial', 'northwind.example'),
  person('katherine@northwind.example', 'Katherine Johnson', 'pro', 'northwind.example'),
  { projectId: null, identifierKey: 'front-desk', name: 'Front desk bot', identityType: 'other' },
];
