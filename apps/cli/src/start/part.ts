/** What of the service one process runs. */
export type Part = 'api' | 'worker';
