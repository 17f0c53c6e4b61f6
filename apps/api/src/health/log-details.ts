import { subscriptionLags, type WatermarkHolder } from '#event-sourcing';
import { createLogger, type Pool } from '#platform';

/** How the log and its readers stand. */
export interface LogDetails {
  readonly subscriptions: Readonly<Record<string, { behind: number; oldest_seconds: number | null }>>;
  /** Null: nobody keeps subscriptions from reading on. */
  readonly watermark: { held_seconds: number | null; application: string; state: string | null } | null;
}

/** An append is open for milliseconds; from here on it is worth a word. */
const HELD_FROM_SECONDS = 1;

/**
 * For whoever asks, without a key: numbers, names of ours, and no process id. What another program calls itself may hold
 * a person's name or a host's, so it is only told in the log.
 */
export const logDetails = (pool: Pool): (() => Promise<LogDetails>) => {
  const log = createLogger('log-lag');
  return async () => {
    const { subscriptions, holder } = await subscriptionLags(pool);
    const held = holder && isWorthAWord(holder) ? holder : null;
    if (held) log.warn(held, 'a transaction that stays open after an append holds subscriptions back');
    return {
      subscriptions: Object.fromEntries(
        [...subscriptions].map(([name, { behind, oldestSeconds }]) => [
          name,
          { behind, oldest_seconds: tenths(oldestSeconds) },
        ]),
      ),
      watermark: held && {
        held_seconds: tenths(held.openSeconds),
        application: publicName(held.application),
        state: held.state,
      },
    };
  };
};

/** One that is idle ended between the look at the locks and the look at the sessions. */
const isWorthAWord = ({ state, openSeconds }: WatermarkHolder): boolean =>
  state !== 'idle' && (openSeconds === null || openSeconds >= HELD_FROM_SECONDS);

const tenths = (seconds: number | null): number | null =>
  seconds === null ? null : Math.round(seconds * 10) / 10;

const publicName = (application: string | null): string =>
  application !== null && /^rollcall[\w-]*$/.test(application) ? application : 'another program';
