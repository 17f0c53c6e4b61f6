export const DATE_FORMATS = [
  'iso',
  'iso_s',
  'unix_s',
  'unix_ms',
  'YYYY-MM-DD HH:mm:ss',
  'YYYY-MM-DD',
] as const;
export type DateFormat = (typeof DATE_FORMATS)[number];

/** A time as the vendor wants to read it, in UTC; what the format cannot hold is cut off, never rounded up. */
export function formatDate(date: Date, format: DateFormat): string | number {
  const iso = date.toISOString();
  switch (format) {
    case 'iso':
      return iso;
    case 'iso_s':
      return `${iso.slice(0, 19)}Z`;
    case 'unix_s':
      return Math.floor(date.getTime() / 1000);
    case 'unix_ms':
      return date.getTime();
    case 'YYYY-MM-DD HH:mm:ss':
      return iso.slice(0, 19).replace('T', ' ');
    case 'YYYY-MM-DD':
      return iso.slice(0, 10);
  }
}

/** A time as the vendor writes it; null when it cannot be one. */
export function parseDate(value: unknown, format: DateFormat): Date | null {
  const time = timeOf(value, format);
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** An ISO 8601 duration of days and smaller, in ms; null for anything else. */
export function parseDuration(text: string): number | null {
  const found = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  if (!found || text === 'P') return null;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

function timeOf(value: unknown, format: DateFormat): number {
  if (format === 'unix_s' || format === 'unix_ms') {
    const number = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
    return typeof number === 'number' ? number * (format === 'unix_s' ? 1000 : 1) : Number.NaN;
  }
  if (typeof value !== 'string') return Number.NaN;
  if (format === 'YYYY-MM-DD HH:mm:ss')
    return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(value)
      ? Date.parse(`${value.slice(0, 19).replace(' ', 'T')}Z`)
      : Number.NaN;
  if (format === 'YYYY-MM-DD') return /^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(value) : Number.NaN;
  // Without a zone the machine's own would be taken.
  return /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(value) ? Date.parse(value) : Number.NaN;
}
