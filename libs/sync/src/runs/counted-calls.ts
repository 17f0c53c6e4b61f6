import type { CallBudget, ConnectorContext } from '#connectors';

/** Counts the requests that a page takes, whether or not the vendor answers them. */
export class CountedCalls {
  constructor(public count = 0) {}

  within(context: ConnectorContext<unknown, unknown>): ConnectorContext<unknown, unknown> {
    const { budget } = context;
    return { ...context, budget: { take: (path) => this.take(path, budget) } };
  }

  private async take(path: string, budget: CallBudget | undefined): Promise<void> {
    await budget?.take(path);
    this.count++;
  }
}
