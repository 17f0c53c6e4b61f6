import { execFileSync } from 'node:child_process';
import jsonata from 'jsonata';
import { compileExpressions } from '#mapping';
import { compare } from '../measure/compare.mjs';

/** At most 1.5 times the CPU of evaluating in this process: two thirds as many records for a second of CPU. */
const AIM = 1 / 1.5;
const RECORDS = 1_000;

/** What the direct evaluator does not cover: a function of its own, called for each part of a name. */
const SOURCE = `$join($map($split(properties.firstname & " " & properties.lastname, " "), function($part) {
  $uppercase($substring($part, 0, 1)) & $lowercase($substring($part, 1))
}), " ")`;

/** 1,000 HubSpot records by an expression that needs JSONata; CPU of both processes, the children being warm. */
export async function benchExpressions(_server, options) {
  const records = Array.from({ length: RECORDS }, (_, n) => contact(n));
  const { expressions } = await compileExpressions([{ field: 'name', source: SOURCE }]);
  await expressions.evaluate(records);
  const inside = jsonata(SOURCE, { timeout: 500, stack: 500, sequence: 100_000 });
  const rateOf = async (work) => {
    const before = cpuSeconds();
    for (let round = 0; round < ROUNDS; round++) await work();
    return (RECORDS * ROUNDS) / (cpuSeconds() - before);
  };
  return compare({
    what: `${RECORDS} HubSpot records by an expression that needs JSONata, CPU`,
    subject: { name: 'children', round: () => rateOf(() => expressions.evaluate(records)) },
    baselines: [
      {
        name: 'JSONata in this process',
        round: () =>
          rateOf(async () => {
            for (const record of records) await inside.evaluate(record);
          }),
        aim: AIM,
      },
    ],
    rounds: options.rounds,
  });
}

/** Enough for a clock that counts in hundredths of a second. */
const ROUNDS = 5;

/** Of this process and its children, which still run; `ps` has no finer unit for those than /proc has. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + childPids().reduce((sum, pid) => sum + childSeconds(pid), 0);
}

const childPids = () =>
  execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('node'))
    .map((line) => Number.parseInt(line, 10));

function childSeconds(pid) {
  const stat = execFileSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8' });
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** As the connector asks for it: the properties of its default mapping, and some of the hundreds that accounts have. */
function contact(n) {
  const properties = {
    email: `ada.${n}@customer.example`,
    firstname: `Ada-${n}`,
    lastname: 'King of Lovelace',
    phone: '+44 20 7946 0000',
    company: 'Analytical Engines',
    jobtitle: 'Countess',
    lifecyclestage: 'customer',
    createdate: '2026-01-05T10:00:00.000Z',
    lastmodifieddate: '2026-11-05T10:00:00.000Z',
    hs_object_id: String(n),
  };
  for (let more = 0; more < 20; more++)
    properties[`custom_${more}`] = more % 3 === 0 ? null : `value ${more} of ${n}`;
  return {
    id: String(n),
    properties,
    createdAt: properties.createdate,
    updatedAt: properties.lastmodifieddate,
    archived: false,
  };
}
