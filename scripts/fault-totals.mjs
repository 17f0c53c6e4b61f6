import { existsSync, readFileSync } from 'node:fs';

const SUMMED = [
  'operations',
  'acknowledged',
  'rows',
  'events',
  'missed',
  'doubled',
  'outOfOrder',
  'otherwiseWrong',
];
const ALSO_SUMMED = ['unknown', 'endedByThemselves', 'setAside'];

/** What all rows of test/faults found together, from the lines that each of them left in `file`. */
export function sayFaultTotals(file) {
  if (!existsSync(file)) return;
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const total = { rows: rows.length };
  for (const name of [...SUMMED, ...ALSO_SUMMED])
    total[name === 'rows' ? 'importedRows' : name] = sum(rows, name);
  console.log(`\nfaults in all: ${JSON.stringify(total)}`);
  console.log(`faults by kind: ${JSON.stringify(byKind(rows))}`);
  console.log(`longest time without an answer: ${Math.max(...rows.map(({ longestMs }) => longestMs))} ms\n`);
}

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

function byKind(rows) {
  const counts = {};
  for (const { faults } of rows)
    for (const [kind, count] of Object.entries(faults)) counts[kind] = (counts[kind] ?? 0) + count;
  return counts;
}
