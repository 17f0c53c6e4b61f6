/** What one piece of work may do before others get their turn: far below what a client notices. */
const LONGEST_STRETCH_MS = 5;

/** Lets everything else that waits for the event loop go first. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The stretches of a long piece of work: others get a turn whenever one has lasted long enough. */
export class Stretches {
  private began: number;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.began = now();
  }

  /** To be asked before each step of the work. */
  get over(): boolean {
    return this.now() - this.began >= LONGEST_STRETCH_MS;
  }

  async giveTurn(): Promise<void> {
    await nextTurn();
    this.began = this.now();
  }
}
