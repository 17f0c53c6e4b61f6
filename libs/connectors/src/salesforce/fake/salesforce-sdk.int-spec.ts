import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection } from 'jsforce';
import { type SalesforceFake, startSalesforceFake } from './salesforce-fake.js';

/** The client most people use is the witness that the fake speaks Salesforce. */
describe('jsforce against the fake', () => {
  let fake: SalesforceFake;
  let connection: Connection;

  beforeAll(async () => {
    fake = await startSalesforceFake({ seed: { contacts: 450, accounts: 5, leads: 3 } });
    connection = connect(fake, { accessToken: fake.token });
  });
  afterAll(() => fake.close());

  it('queries, page by page, and sees the usage', async () => {
    const first = await connection.query('SELECT Id, Name FROM Contact ORDER BY Id', {
      headers: { 'Sforce-Query-Options': 'batchSize=200' },
      autoFetch: false,
    });
    expect(first).toMatchObject({ totalSize: 450, done: false });
    const second = await connection.queryMore(first.nextRecordsUrl ?? '');
    const third = await connection.queryMore(second.nextRecordsUrl ?? '');
    const all = [first, second, third].flatMap(({ records }) => records);
    expect(all.map(({ Id }) => Id).sort()).toEqual(
      fake.org.contacts
        .visible()
        .map(({ id }) => id)
        .sort(),
    );
    expect(third.done).toBe(true);
    expect(connection.limitInfo?.apiUsage?.limit).toBe(15_000);
  });

  it('finds by conditions, and creates, updates and deletes', async () => {
    const made = await connection.sobject('Contact').create({ LastName: 'Sdk', Email: 'sdk@x.example' });
    const id = made.id ?? '';
    await connection.sobject('Contact').update({ Id: id, Title: 'Captain' });
    const found = await connection
      .sobject('Contact')
      .find({ Email: 'SDK@x.example' }, ['Id', 'Title', 'LastName'])
      .limit(10);
    expect(found).toMatchObject([{ Id: id, Title: 'Captain', LastName: 'Sdk' }]);
    await connection.sobject('Contact').destroy(id);
    await expect(connection.sobject('Contact').retrieve(id)).rejects.toMatchObject({
      errorCode: 'NOT_FOUND',
    });
  });

  it('shows the recycle bin to queryAll alone, and to the deleted feed', async () => {
    const started = new Date(Date.now() - 60_000);
    const [a, b] = [{ LastName: 'a' }, { LastName: 'b' }].map((values) => fake.org.contacts.create(values));
    if (!a || !b) throw new Error('two were created');
    fake.org.contacts.merge(a.id, b.id);
    const statement = `SELECT Id, IsDeleted, MasterRecordId FROM Contact WHERE Id = '${b.id}'`;
    expect((await connection.query(statement)).records).toEqual([]);
    const all = await connection.query(statement, { scanAll: true });
    expect(all.records).toMatchObject([{ Id: b.id, IsDeleted: true, MasterRecordId: a.id }]);
    const feed = await connection.sobject('Contact').deleted(started, new Date(Date.now() + 60_000));
    expect(feed.deletedRecords.map(({ id }) => id)).toContain(b.id);
    expect(Date.parse(feed.latestDateCovered)).toBeGreaterThan(started.getTime());
  });

  it('retrieves several at once, with nothing in the place of what is not there', async () => {
    const [first, second] = fake.org.accounts.visible();
    const ids = [first?.id ?? '', '0015g00000ZZZZZAA0', second?.id ?? ''];
    const records = await connection.sobject('Account').retrieve(ids, { fields: ['Id', 'Name'] });
    expect(records.map((record) => record?.Id ?? null)).toEqual([ids[0], null, ids[2]]);
  });

  it('describes an object', async () => {
    const { fields } = await connection.sobject('Lead').describe();
    expect(fields.find(({ name }) => name === 'Status')).toMatchObject({
      type: 'picklist',
      picklistValues: expect.arrayContaining([expect.objectContaining({ value: 'Open', active: true })]),
    });
  });

  it.each([
    ['a field that is not there', 'SELECT Nope FROM Contact', 'INVALID_FIELD'],
    ['an object that is not there', 'SELECT Id FROM Nope', 'INVALID_TYPE'],
    ['AND beside OR', "SELECT Id FROM Lead WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", 'MALFORMED_QUERY'],
    [
      'a date in quotes',
      "SELECT Id FROM Lead WHERE SystemModstamp > '2026-09-01T10:00:00Z'",
      'INVALID_FIELD',
    ],
  ])('is refused %s', async (_name, statement, errorCode) => {
    await expect(connection.query(statement)).rejects.toMatchObject({ errorCode });
  });

  it('refreshes its session when that has ended', async () => {
    const { clientId, clientSecret, refreshToken } = fake.org.logins;
    const refreshing = connect(fake, {
      accessToken: 'ended',
      refreshToken,
      oauth2: { loginUrl: fake.url, clientId, clientSecret },
    });
    const renewed = new Promise((resolve) => refreshing.on('refresh', resolve));
    expect((await refreshing.query('SELECT Id FROM Account')).totalSize).toBe(5);
    expect(await renewed).toMatch(/^00D/);
  });
});

function connect(fake: SalesforceFake, options: ConstructorParameters<typeof Connection>[0]): Connection {
  return new Connection({ instanceUrl: fake.url, version: '62.0', ...options });
}
