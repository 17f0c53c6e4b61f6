import { z } from 'zod';
import { scanRecord } from './csv-record.js';
import { detectEncoding, ENCODINGS, textOf } from './text-encoding.js';

/** How many bytes of a file detection looks at. */
export const SAMPLE_SIZE = 65_536;

const delimiters = [',', ';', '\t', '|'] as const;
const newlines = ['\n', '\r'] as const;

/** What the caller knows better than detection; each setting given is taken as it is. */
export const importFormatSettingsSchema = z.strictObject({
  kind: z.enum(['csv', 'ndjson']).optional(),
  encoding: z.enum(ENCODINGS).optional(),
  delimiter: z
    .string()
    .regex(/^[^"'\r\n\0\ud800-\udfff]$/, 'Expected one character that is neither a quote nor a line end')
    .optional(),
  quote: z.enum(['"', "'", '']).optional().describe('Empty when quotes mean nothing in the file'),
  newline: z.enum(newlines).optional().describe('"\\n" stands for "\\r\\n", too'),
});
export type ImportFormatSettings = z.infer<typeof importFormatSettingsSchema>;

export type ImportFormat = CsvFormat | NdjsonFormat;
export type NdjsonFormat = Readonly<{ kind: 'ndjson' }> & Pick<Required<ImportFormatSettings>, 'encoding'>;
export type CsvFormat = Readonly<{ kind: 'csv' }> & Readonly<Required<Omit<ImportFormatSettings, 'kind'>>>;

export interface FormatHints {
  readonly fileName?: string | undefined;
  readonly contentType?: string | undefined;
}

/** The format of a file by its first bytes; hints break ties, settings win over both. */
export function detectFormat(
  sample: Uint8Array,
  hints: FormatHints = {},
  settings: ImportFormatSettings = {},
): ImportFormat {
  rejectOtherFiles(sample);
  const encoding = settings.encoding ?? detectEncoding(sample);
  const text = textOf(sample, encoding);
  const kind = settings.kind ?? kindByHints(hints) ?? kindByText(text);
  if (kind === 'ndjson') return { kind, encoding };
  const newline = settings.newline ?? (text.includes('\r') && !text.includes('\n') ? '\r' : '\n');
  const quote = settings.quote ?? detectQuote(text);
  const delimiter = settings.delimiter ?? detectDelimiter(text, { quote, newline }, hints);
  return { kind, encoding, delimiter, quote, newline };
}

export class UnsupportedFileError extends Error {
  override readonly name = 'UnsupportedFileError';
  readonly code = 'UNSUPPORTED_FILE';
  constructor(found: string, advice: string) {
    super(`The file is ${found}; ${advice}`);
  }
}

function rejectOtherFiles(sample: Uint8Array): void {
  const [first, second] = sample;
  if (first === 0x50 && second === 0x4b)
    throw new UnsupportedFileError('a spreadsheet or zip archive', 'save it as CSV');
  if (first === 0x1f && second === 0x8b) throw new UnsupportedFileError('compressed', 'unpack it');
}

function kindByHints({ fileName = '', contentType = '' }: FormatHints): ImportFormat['kind'] | undefined {
  if (/\.(ndjson|jsonl)$/i.test(fileName) || /ndjson|jsonl|json-lines/i.test(contentType)) return 'ndjson';
  if (/\.(csv|tsv|tab)$/i.test(fileName) || /csv|tab-separated/i.test(contentType)) return 'csv';
  return undefined;
}

function kindByText(text: string): ImportFormat['kind'] {
  if (/^\s*\[\s*[{\]]/.test(text)) throw new UnsupportedFileError('a JSON array', 'send one object a line');
  return /^\s*\{\s*["}]/.test(text) ? 'ndjson' : 'csv';
}

/** Single quotes only where cells are wrapped in them and double quotes are not in use. */
function detectQuote(text: string): CsvFormat['quote'] {
  const wrapped = (quote: string) =>
    text.match(new RegExp(`(?<=^|[,;\\t|])${quote}[^${quote}\\r\\n]*${quote}(?=[,;\\t|\\r\\n]|$)`, 'gm'))
      ?.length ?? 0;
  return wrapped("'") >= 2 && !text.includes('"') ? "'" : '"';
}

type Quoting = Pick<CsvFormat, 'quote' | 'newline'>;

/** The delimiter that cuts most records into as many cells as the header has. */
function detectDelimiter(
  text: string,
  quoting: Quoting,
  { fileName = '', contentType = '' }: FormatHints,
): string {
  const likely = /\.(tsv|tab)$/i.test(fileName) || /tab-separated/i.test(contentType) ? '\t' : ',';
  const candidates = delimiters.map((delimiter) => ({
    delimiter,
    ...fitOf(text, { ...quoting, delimiter }),
  }));
  const [best] = candidates
    .filter(({ columns }) => columns > 1)
    .sort(
      (a, b) =>
        b.share - a.share ||
        Number(b.delimiter === likely) - Number(a.delimiter === likely) ||
        b.columns - a.columns,
    );
  return best?.delimiter ?? likely;
}

function fitOf(text: string, dialect: Quoting & { delimiter: string }): { columns: number; share: number } {
  const widths = widthsOf(text, dialect);
  const [columns = 0] = widths;
  return { columns, share: widths.filter((width) => width === columns).length / Math.max(widths.length, 1) };
}

const SAMPLED_RECORDS = 100;

/** Cells in each of the first records; a record that cannot be read counts as a line without any. */
function widthsOf(text: string, dialect: Quoting & { delimiter: string }): number[] {
  const widths: number[] = [];
  for (let at = 0; at < text.length && widths.length < SAMPLED_RECORDS; ) {
    const lineEnd = text.indexOf(dialect.newline, at);
    const scanned = scanRecord(text, { start: at, bound: text.length, final: lineEnd < 0 }, dialect);
    const readable = scanned !== 'open' && 'cells' in scanned;
    if (readable || lineEnd >= 0) widths.push(readable ? scanned.cells.length : 0);
    at = readable ? scanned.next : lineEnd < 0 ? text.length : lineEnd + 1;
  }
  return widths;
}
