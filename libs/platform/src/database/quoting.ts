import pg from 'pg';

/** Text as a literal in SQL that takes no parameters. */
export const quoteLiteral = (text: string): string => pg.escapeLiteral(text);

/** A name as SQL spells it, whatever it holds. */
export const quoteIdentifier = (name: string): string => pg.escapeIdentifier(name);
