import { errorGroups, type Row } from './error-table.js';
import { unansweredCodes } from './unanswered-codes.js';

/** docs/errors.md, from the two tables. */
export const errorsPage = (): string =>
  `${[
    INTRODUCTION,
    ...Object.entries(errorGroups).map(([group, rows]) => section(group, ANSWERED, answered(rows))),
    ELSEWHERE,
    ...Object.entries(unansweredCodes).map(([group, codes]) => section(group, UNANSWERED, unanswered(codes))),
  ].join('\n\n')}\n`;

const INTRODUCTION = `<!-- Written by scripts/write-errors-page.mjs from apps/api/src/errors. Change the tables there. -->
# Errors

Every refusal of the API is JSON of one shape:

\`\`\`json
{
  "detail": "An identity with identifier key user_4711 already exists",
  "code": "IDENTIFIER_KEY_TAKEN",
  "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"
}
\`\`\`

\`code\` is for programs and never changes its meaning; \`detail\` is for people and may be worded better any day.
\`trace_id\` is the id of the request ([api.md](api.md#request-ids)): the log and the history name it. Of a malformed id in
the path, \`examples\` shows a right one; \`/health/ready\` answers its checks beside them.

\`x-should-retry\` and \`Retry-After\` are headers. Where neither is sent, the same request is refused again until what is
wrong changes, but for 408 and 5xx, which may pass. Before you send a change again: [api.md](api.md#trying-again).`;

const ELSEWHERE = `# Codes that answer no request

They end a start or a command, or stand in logs, runs and dead letters. The message beside each says what to do.`;

const ANSWERED = ['code', 'status', 'retry', 'meaning', 'what to do'];
const UNANSWERED = ['code', 'meaning'];

const answered = (rows: Readonly<Record<string, Row>>): string[][] =>
  Object.entries(rows).map(([code, row]) => [
    `\`${code}\``,
    String(row.status),
    headersOf(row),
    row.meaning,
    row.advice,
  ]);

const unanswered = (codes: Readonly<Record<string, string>>): string[][] =>
  Object.entries(codes).map(([code, meaning]) => [`\`${code}\``, meaning]);

function headersOf({ retry, retryAfter }: Row): string {
  const should = retry === undefined ? [] : [`\`x-should-retry: ${retry}\``];
  const after =
    retryAfter === undefined ? [] : [`\`Retry-After${retryAfter === 'told' ? '' : `: ${retryAfter}`}\``];
  return [...should, ...after].join(', ');
}

const section = (title: string, columns: readonly string[], rows: readonly string[][]): string =>
  [`## ${title}`, '', line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
