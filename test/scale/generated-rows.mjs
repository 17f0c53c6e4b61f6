/** What the rows become: a person with typed properties, as a CRM would export them. */
export const MAPPING = {
  identifier_key: 'email',
  name: 'name',
  identity_type: '=user',
  properties: {
    plan: 'plan',
    city: 'city',
    seats: { column: 'seats', type: 'number' },
    active: { column: 'active', type: 'boolean' },
  },
};

const PLANS = ['free', 'pro', 'team', 'enterprise'];
const CITIES = ['Berlin', 'Lisbon', 'São Paulo', 'Nairobi', '"Paris, France"', 'Osaka'];
const ROWS_AT_A_TIME = 500;

/** CSV text piece by piece, so that a million rows are never in memory. */
export function* generatedCsv(count) {
  yield 'email,name,plan,city,seats,active\n';
  for (let from = 0; from < count; from += ROWS_AT_A_TIME) {
    let text = '';
    for (let row = from; row < Math.min(count, from + ROWS_AT_A_TIME); row++) text += line(row);
    yield text;
  }
}

const line = (row) =>
  `person-${row}@example.com,Person ${row},${PLANS[row % 4]},${CITIES[row % 6]},${row % 500},${row % 3 === 0}\n`;
