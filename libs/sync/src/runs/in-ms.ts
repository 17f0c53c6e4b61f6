/** SQL: so many milliseconds from now, by the database's clock; a process's own may be an hour off. */
export const IN_MS = (parameter: string): string =>
  `clock_timestamp() + make_interval(secs => ${parameter}::double precision / 1000)`;
