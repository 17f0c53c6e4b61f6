/** What each group of suites took of the workers, beside what it may take; what is over is said so that it is seen. */
export function sayBudgets(groups, runs) {
  const taken = (group) => Math.round(runs.reduce((total, { seconds }) => total + (seconds[group] ?? 0), 0));
  const rows = Object.entries(groups).map(([group, { seconds }]) => ({
    group,
    took: taken(group),
    may: seconds,
  }));
  console.log('\nseconds of all workers together, by group (test/support/groups.mjs)');
  for (const { group, took, may } of rows) console.log(lineOf(group, took, may));
  console.log(lineOf('all', sumOf(rows, 'took'), sumOf(rows, 'may')));
}

function lineOf(group, took, may) {
  const line = `  ${group.padEnd(10)}${String(took).padStart(6)} of ${String(may).padStart(5)}`;
  return took > may ? `${line}  !!! ${took - may} s OVER ITS BUDGET, unless this machine was busy` : line;
}

const sumOf = (rows, column) => rows.reduce((total, row) => total + row[column], 0);
