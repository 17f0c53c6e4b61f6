// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what the file holds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type HubSpotFake, startHubSpotFake } from '#connectors/hubspot/fake';
import { createTestDatabase, type TestDatabase } from '../support/databases.js';
import { freshAdminKey, freshSecretKey, rollcall, ServiceProcess } from './support/service-process.js';

jest.setTimeout(120_000);

describe('rollcall apply', () => {
  let database: TestDatabase;
  let hubspot: HubSpotFake;
  let service: ServiceProcess;
  let folder: string;
  let secrets: Record<string, string>;

  beforeAll(async () => {
    database = await createTestDatabase();
    hubspot = await startHubSpotFake({ searchLagMs: 0 });
    secrets = { CRM_TOKEN: hubspot.token, CRM_SECRET: hubspot.clientSecret };
    folder = mkdtempSync(path.join(os.tmpdir(), 'rollcall-apply-'));
    const env = {
      DATABASE_URL: database.url,
      ROLLCALL_ADMIN_KEY: freshAdminKey(),
      ROLLCALL_SECRET_KEY: freshSecretKey(),
      ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
    };
    service = await ServiceProcess.start({ env });
  });
  afterAll(async () => {
    await service.stop();
    await hubspot.close();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  const file = (text: string): string => {
    const name = path.join(folder, 'rollcall.yaml');
    writeFileSync(name, text);
    return name;
  };
  const run = (...args: string[]) =>
    rollcall(args, { ROLLCALL_URL: service.url, ROLLCALL_API_KEY: service.adminKey, ...secrets });
  const apply = (text: string, ...options: string[]) => run('apply', '--file', file(text), ...options);
  const connections = async () => (await service.send('GET', '/v1/connections')).body;

  const declared = (more = '') => `version: 1
connections:
  - name: crm
    kind: hubspot
    settings: { baseUrl: "${hubspot.url}" }
    secrets:
      accessToken: \${CRM_TOKEN}
      clientSecret: \${CRM_SECRET}
    schedule: never
${more}`;

  it('says what it would create, and creates nothing', async () => {
    const dry = await apply(declared(), '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toContain('+ crm: create');
    expect(dry.stdout).toContain('secrets.accessToken: set');
    expect(dry.stdout).toContain('1 to create, 0 to update');
    expect(await connections()).toEqual([]);
  });

  it('creates what is declared, and finds nothing to do the second time', async () => {
    expect(await apply(declared())).toMatchObject({ code: 0, stdout: expect.stringContaining('Applied') });
    const [created] = await connections();
    expect(created).toMatchObject({ name: 'crm', account_id: '62515', every_seconds: null });
    const again = await apply(declared());
    expect(again.stdout).toContain('= crm: unchanged');
    expect(await connections()).toEqual([created]);
  });

  it('changes field by field, and only what is declared otherwise', async () => {
    const text = declared(`    policies: { retention_days: 7 }
    paused: true
`).replace('schedule: never', 'schedule: { cron: 0 3 * * *, time_zone: Europe/Berlin }');
    const dry = await apply(text, '--dry-run');
    expect(dry.stdout).toContain('policies.retention_days: 30 → 7');
    expect(dry.stdout).toContain('schedule.cron: null → "0 3 * * *"');
    expect(dry.stdout).toContain('paused: false → true');
    expect(dry.stdout).not.toContain('secrets');
    expect(await apply(text)).toMatchObject({ code: 0 });
    expect((await connections())[0]).toMatchObject({
      status: 'paused',
      cron: '0 3 * * *',
      policies: { retention_days: 7 },
    });
    expect((await apply(text)).stdout).toContain('= crm: unchanged');
    expect(await apply(declared('    paused: false\n'))).toMatchObject({ code: 0 });
    expect((await connections())[0]).toMatchObject({ status: 'active', cron: null });
  });

  it('rotates secrets that are others, and shows none', async () => {
    hubspot.account.tokens.rotateClientSecret('another-secret');
    const before = secrets;
    secrets = { ...secrets, CRM_SECRET: 'another-secret' };
    const applied = await apply(declared());
    expect(applied).toMatchObject({ code: 0 });
    expect(applied.stdout).toContain('secrets.clientSecret: changed');
    expect(applied.stdout).not.toContain('accessToken');
    expect(applied.stdout).not.toContain('another-secret');
    expect((await apply(declared())).stdout).toContain('= crm: unchanged');
    secrets = before;
    expect((await apply(declared(), '--dry-run')).stdout).toContain('secrets.clientSecret: changed');
    secrets = { ...before, CRM_SECRET: 'another-secret' };
  });

  it('points at what is wrong with a file, and changes nothing', async () => {
    const wrong = await apply(declared('    polices: {}\n'));
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/rollcall\.yaml:10:5: connections\.0\.polices: there is no such key/);
    const literal = await apply(declared().replace('${CRM_TOKEN}', 'pat-123'));
    expect(literal).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/:7:20: .*expected a reference/),
    });
    expect(literal.stderr).not.toContain('pat-123');
    const other = await apply(declared().replace('kind: hubspot', 'kind: nothing'));
    expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/:4:11: .*known are hubspot/) });
    const moved = await apply(declared('    project_id: p1\n'));
    expect(moved).toMatchObject({ code: 2, stderr: expect.stringMatching(/:10:17: .*cannot change/) });
  });

  it('says which connection the vendor refuses', async () => {
    secrets = { ...secrets, CRM_TOKEN: 'wrong' };
    const refused = await apply(declared().replace('name: crm', 'name: other'));
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^other: hubspot could not be used/),
    });
    secrets = { ...secrets, CRM_TOKEN: hubspot.token };
  });

  it('removes what is not in the file only when told to', async () => {
    const kept = await apply('version: 1');
    expect(kept.stdout).toContain('crm: not in the file');
    expect(await connections()).toHaveLength(1);
    expect((await apply('version: 1', '--prune', '--dry-run')).stdout).toContain('- crm: remove');
    expect(await connections()).toHaveLength(1);
    expect(await apply('version: 1', '--prune')).toMatchObject({ code: 0 });
    expect(await connections()).toEqual([]);
  });

  describe('beside it, the commands for one connection', () => {
    beforeAll(async () => {
      hubspot.account.contacts.create({ email: 'ada@x.example', firstname: 'Ada' });
      const added = await run(
        ...['connections', 'add', 'hubspot', '--name', 'crm', '--cron', '0 3 * * *'],
        ...['--setting', `base-url=${hubspot.url}`],
        ...['--secret', 'accessToken=env:CRM_TOKEN', '--secret', 'client_secret=env:CRM_SECRET'],
      );
      expect(added).toMatchObject({ code: 0, stderr: '' });
    });

    it('show it', async () => {
      expect((await run('connections', 'list')).stdout).toMatch(/crm +active +62515 +0 3 \* \* \* \(UTC\)/);
      const { stdout } = await run('connections', 'show', 'crm');
      expect(stdout).toMatch(/kind: hubspot/);
      expect(stdout).not.toContain(hubspot.token);
      expect((await run('connections', 'kinds')).stdout).toMatch(/hubspot +contacts, companies +baseUrl/);
    });

    it('change it, pause it and rotate its secrets', async () => {
      const set = await run('connections', 'set', 'crm', '--every', '60', '--policy', 'retention_days=5');
      expect(set.stdout).toMatch(/schedule: every 60 s[\s\S]*retention_days: 5/);
      expect((await run('connections', 'pause', 'crm')).stdout).toContain('crm: paused');
      expect((await run('connections', 'set', 'crm', '--every', 'never')).stdout).toContain(
        'schedule: when asked',
      );
      const rotated = await run('connections', 'rotate', 'crm', '--secret', 'accessToken=env:CRM_TOKEN');
      expect(rotated).toMatchObject({ code: 0, stdout: 'crm: active, new accessToken\n' });
      const bad = await run('connections', 'set', 'crm', '--cron', 'daily');
      expect(bad).toMatchObject({ code: 1, stderr: expect.stringMatching(/cron: expected five fields/) });
    });

    it('look at its fields and records', async () => {
      expect((await run('connections', 'fields', 'crm', 'contacts')).stdout).toMatch(/^email +Email/m);
      const { id: grace } = hubspot.account.contacts.create({ email: 'grace@x.example' });
      const preview = await run('connections', 'preview', 'crm', 'contacts', '--id', grace);
      expect(preview.stdout).toMatch(/ {2}create\n/);
      expect(preview.stdout).toContain('~ identifier_key: null → "grace@x.example"');
      const mapping = path.join(folder, 'mapping.yaml');
      writeFileSync(mapping, 'version: 1\nidentifier_key: id\nname: nothing\nidentity_type: \'"user"\'\n');
      const other = await run('connections', 'preview', 'crm', 'contacts', '--mapping', mapping);
      expect(other.stdout).toMatch(/ {2}invalid\n {2}! name is empty/);
    });
  });
});
