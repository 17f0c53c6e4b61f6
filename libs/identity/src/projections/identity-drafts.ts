import type {
  AppendOptions,
  CommandRecord,
  Decision,
  EventMetadata,
  Loaded,
  NewEvent,
  PostgresEventStore,
  StreamAppend,
} from '#event-sourcing';
import { IDENTITY_CATEGORY, type IdentityEvent } from '../identity.events.js';
import type { Identity } from '../identity.state.js';
import type { IdentityRepository } from './identity.repository.js';

/** Many identities while a batch is decided in memory: each as it was loaded, as it is now, and what happened since. */
export class IdentityDrafts {
  private readonly drafts = new Map<string, Draft>();

  constructor(private readonly repository: IdentityRepository) {}

  /** What the batch starts from; an identity that was never added starts from nothing. */
  add(identityId: string, { state, version }: Loaded<Identity>): void {
    this.drafts.set(identityId, { id: identityId, loaded: { state, version }, current: state, events: [] });
  }

  /** The identity as the decisions so far leave it. */
  stateOf(identityId: string): Identity {
    return this.drafts.get(identityId)?.current ?? UNKNOWN;
  }

  /** Decides on what earlier decisions left, and answers whether anything happened. */
  decide(identityId: string, decision: Decision<Identity, IdentityEvent>, metadata: EventMetadata): boolean {
    const draft = this.drafts.get(identityId) ?? newDraft(identityId);
    const undecided = { state: draft.current, version: 0 };
    const append = this.repository.prepare(identityId, undecided, decision, metadata);
    this.drafts.set(identityId, draft);
    if (!append) return false;
    draft.current = append.after;
    draft.events.push(...append.events);
    return true;
  }

  /** Appends everything or nothing: one statement, and a further one where a key passes from one identity to another. */
  async append({ command }: AppendOptions = {}): Promise<void> {
    const { store } = this.repository;
    const waves = keyOrder([...this.drafts.values()].filter(({ events }) => events.length > 0));
    const [only, ...more] = waves;
    if (only && more.length === 0 && !only.circular)
      await store.append(only.drafts.map(toAppend), { command });
    else if (only) await store.together((together) => appendWaves(together, waves, command));
    else if (command) await store.recordCommand(command);
  }
}

async function appendWaves(
  store: PostgresEventStore,
  waves: readonly Wave[],
  command: CommandRecord | undefined,
): Promise<void> {
  for (const { drafts, circular } of waves) {
    if (circular) await parkKeys(store, drafts);
    await store.append(drafts.map(toAppend));
  }
  if (command) await store.recordCommand(command);
}

/** Identities that exchange their keys let go of them first: in the rows alone, and nobody sees it before the end. */
async function parkKeys(store: PostgresEventStore, drafts: readonly Draft[]): Promise<void> {
  await store.executor.query({
    name: 'identities_park_keys',
    text: `update identities set identifier_key = 'parked:' || id where id = any($1::uuid[])`,
    values: [drafts.map(({ id }) => id)],
  });
}

/** Drafts that one statement can append. */
interface Wave {
  readonly drafts: readonly Draft[];
  /** Their keys go round in a circle: each takes what another of them gives up. */
  readonly circular: boolean;
}

interface Draft {
  readonly id: string;
  readonly loaded: Loaded<Identity>;
  current: Identity;
  readonly events: NewEvent<IdentityEvent>[];
}

const UNKNOWN: Identity = { status: 'unknown' };

const newDraft = (id: string): Draft => ({
  id,
  loaded: { state: UNKNOWN, version: 0 },
  current: UNKNOWN,
  events: [],
});

/** Who takes a key comes after who gives it up: within one statement the database would see both at once. */
function keyOrder(drafts: readonly Draft[]): Wave[] {
  const waves: Wave[] = [];
  let rest = drafts;
  while (rest.length > 0) {
    const releasing = new Set(rest.map(releasedKey));
    const ready = rest.filter((draft) => !releasing.has(takenKey(draft) ?? NO_KEY));
    const circular = ready.length === 0;
    const wave = new Set(circular ? rest : ready);
    waves.push({ drafts: [...wave], circular });
    rest = rest.filter((draft) => !wave.has(draft));
  }
  return waves;
}

const NO_KEY = '';

const releasedKey = ({ loaded, current }: Draft): string | undefined =>
  keyOf(loaded.state) === keyOf(current) ? undefined : keyOf(loaded.state);
const takenKey = ({ loaded, current }: Draft): string | undefined =>
  keyOf(loaded.state) === keyOf(current) ? undefined : keyOf(current);

function keyOf(identity: Identity): string | undefined {
  return identity.status === 'live'
    ? JSON.stringify([identity.projectId, identity.identifierKey])
    : undefined;
}

const toAppend = ({ id, loaded, current, events }: Draft): StreamAppend<IdentityEvent, Identity> => ({
  streamId: id,
  category: IDENTITY_CATEGORY,
  expectedVersion: loaded.version,
  events,
  before: loaded.state,
  after: current,
});
