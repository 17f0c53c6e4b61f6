import { percent } from './compare.mjs';

const HEAD = ['', 'against', 'ratio', 'spread', 'aim', ''];

/** @param {import('./compare.mjs').Row[]} rows */
export function printTable(title, rows) {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  console.log(`\n${title}`);
  for (const line of lines) console.log(`| ${line.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`);
}

function cells({ what, against, ratio, aim }) {
  const verdict = aim === undefined ? '' : ratio.median >= aim ? 'met' : 'MISSED';
  return [
    what,
    against,
    share(ratio.median),
    `${share(ratio.low)} to ${share(ratio.high)}`,
    aim === undefined ? '' : share(aim),
    verdict,
  ];
}

const share = (ratio) => (ratio >= 1.995 ? `${ratio.toFixed(1)} ×` : percent(ratio));
