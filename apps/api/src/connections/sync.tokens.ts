/** What the modules of CRM sync are given. */
export const SYNC = Symbol('SYNC');

/** `ROLLCALL_PUBLIC_URL` without a slash at its end; empty when it is not set. */
export const PUBLIC_URL = Symbol('PUBLIC_URL');
