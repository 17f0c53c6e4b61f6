/** A vendor's fake that a person can start: `npm run fake -- <kind>`. */
export interface FakeStarter {
  start(options: FakeStart): Promise<RunningFake>;
}

export interface FakeStart {
  readonly port?: number;
  readonly adminPort?: number;
  /** How many people there are; each fake adds companies that go with them. */
  readonly records: number;
}

export interface RunningFake {
  readonly url: string;
  readonly adminUrl: string;
  /** What a connection to it is given, as `POST /v1/connections` takes it. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  /** What to read before using it: credentials, and the commands that connect it. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}
