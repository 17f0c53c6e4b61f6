import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const SCHEMA = `
datasource db {
  provider = "postgresql"
}
model things {
  id   Int    @id
  name String
  @@unique([name], map: "things_name")
}
`;

/** With what a naive cut at semicolons would break, and what Prisma's language cannot say. */
const THINGS = `
create table things (id int not null, name text not null, constraint things_pkey primary key (id));
create unique index things_name on things (name) nulls not distinct;
create function keep() returns trigger language plpgsql as $$ begin raise exception 'no; never'; return null; end; $$;
create trigger keep before delete on things for each row execute function keep();
`;

/** A folder as `prisma` is one, with one migration, `1_things`. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rollcall-prisma-'));
  await writeFile(path.join(folder, 'schema.prisma'), SCHEMA);
  await cp(
    path.resolve('prisma/migrations/migration_lock.toml'),
    path.join(folder, 'migrations/migration_lock.toml'),
  );
  await addMigration(folder, '1_things', THINGS);
  return folder;
}

/** Adds it, or gives it other content. */
export async function addMigration(folder: string, name: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, 'migrations', name), { recursive: true });
  await writeFile(path.join(folder, 'migrations', name, 'migration.sql'), sql);
}
