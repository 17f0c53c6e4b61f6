/**
 * Tells a connection's row from every earlier one, whoever changed it by whatever statement: PostgreSQL keeps in `xmin`
 * which transaction wrote a row, so there is no number that a statement could forget to count up. Only for comparing.
 */
export const rowVersion = (table: string): string => `${table}.xmin::text`;
