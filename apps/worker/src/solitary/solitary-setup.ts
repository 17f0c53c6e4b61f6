/** What a process that runs jobs alone is told by the worker that starts it. */
export interface SolitarySetup {
  readonly databaseUrl: string;
  readonly pooled: boolean;
  readonly secretKey: string;
  /** The folder of one's own manifests. */
  readonly manifests: string | undefined;
  readonly allowPrivateNetwork: boolean;
}
