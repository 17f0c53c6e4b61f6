import type { EventMetadata, PostgresEventStore } from '#event-sourcing';
import {
  type Identity,
  IdentityDrafts,
  type IdentityRepository,
  type Provenance,
  readProvenance,
} from '#identity';
import type { PoolClient } from '#platform';
import { isBound, type Link } from '../links/link.js';
import {
  type Binding,
  bindingName,
  bindingsOf,
  type IdentityMove,
  linksOf,
  type TableKey,
} from '../links/link.store.js';
import type { Observation } from './observation.js';
import type { Held, Holder, Plan } from './plan.js';

/**
 * Everything the plans of one page look at, read once and then kept up to date in memory: each plan is made on what
 * the plans before it leave behind, as if they had been written one by one.
 */
export class Roster {
  private readonly links = new Map<string, Link>();
  private readonly changedLinks = new Map<string, Link>();
  private readonly keys = new Map<string, string>();
  private readonly bindings = new Map<string, Set<string>>();
  private readonly shared = new Set<string>();
  private readonly provenance = new Map<string, Provenance>();
  private readonly moved: IdentityMove[] = [];

  private constructor(
    private readonly key: TableKey,
    private readonly drafts: IdentityDrafts,
  ) {}

  static async load(
    client: PoolClient,
    identities: IdentityRepository,
    scope: TableKey & { readonly projectId: string | null },
    observations: readonly Observation[],
    namedKeys: readonly string[] = [],
  ): Promise<Roster> {
    const repository = identities.within(client);
    const roster = new Roster(scope, new IdentityDrafts(repository));
    const links = await linksOf(client, scope, recordIdsOf(observations));
    const keys = [...keysOf(observations), ...links.flatMap(({ hold }) => hold?.key ?? []), ...namedKeys];
    for (const link of links) roster.links.set(link.externalId, link);
    const loaded = await repository.loadMany([...new Set(links.map(({ identityId }) => identityId))]);
    const holders = await repository.findByKeys(scope.projectId, keys);
    for (const { id, ...found } of holders.values()) loaded.set(id, found);
    for (const [id, identity] of loaded) {
      roster.drafts.add(id, identity);
      if (identity.state.status === 'live') roster.keys.set(identity.state.identifierKey, id);
    }
    for (const binding of await bindingsOf(client, [...loaded.keys()])) roster.bind(binding);
    return roster;
  }

  held(observation: Observation, namedKey?: string): Held {
    const link = this.links.get(observation.id);
    const holder =
      observation.kind === 'present' ? this.holderOf(observation.mirrored.identifierKey) : undefined;
    return {
      link,
      identity: link ? this.drafts.stateOf(link.identityId) : UNKNOWN,
      shared: link !== undefined && this.isShared(link),
      holder,
      named: namedKey === undefined ? undefined : this.holderOf(namedKey),
      provenance: this.provenance.get(targetOf(link, holder?.identityId) ?? ''),
      winner: observation.kind === 'merged' ? this.links.get(observation.into) : undefined,
    };
  }

  /** Reads who last changed the fields of the identities that changed records mirror: for field policies. */
  async loadProvenance(store: PostgresEventStore, observations: readonly Observation[]): Promise<void> {
    for (const observation of observations) {
      if (observation.kind !== 'present') continue;
      const link = this.links.get(observation.id);
      if (link?.contentHash?.equals(observation.hash)) continue;
      const identityId = targetOf(link, this.keys.get(observation.mirrored.identifierKey));
      if (identityId === undefined || this.provenance.has(identityId)) continue;
      this.provenance.set(identityId, await readProvenance(store, identityId));
    }
  }

  stateOf(identityId: string): Identity {
    return this.drafts.stateOf(identityId);
  }

  linkOf(externalId: string): Link | undefined {
    return this.links.get(externalId);
  }

  /** The identity that has this key at this point of the page. */
  holderOf(identifierKey: string): Holder | undefined {
    const identityId = this.keys.get(identifierKey);
    if (identityId === undefined) return undefined;
    const bound = (this.bindings.get(identityId)?.size ?? 0) > 0;
    return { identityId, identity: this.drafts.stateOf(identityId), bound };
  }

  /** Takes the keys from identities that are about to get others. */
  releaseKeys(identityIds: readonly string[]): void {
    for (const identityId of identityIds) {
      const identity = this.drafts.stateOf(identityId);
      if (identity.status === 'live') this.release(identityId, identity.identifierKey);
    }
  }

  /** The records of this stream that are linked to the identity. */
  recordsOf(identityId: string): string[] {
    const prefix = bindingName(this.key.stream, '');
    const bound = [...(this.bindings.get(identityId) ?? [])];
    return bound.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  /** A record of this connection, of whatever stream, that is linked to the identity. */
  recordOf(identityId: string): { readonly stream: string; readonly externalId: string } | undefined {
    const [name] = this.bindings.get(identityId) ?? [];
    if (name === undefined) return undefined;
    const end = name.indexOf('/');
    return { stream: name.slice(0, end), externalId: name.slice(end + 1) };
  }

  /** Takes over what a plan leaves behind. */
  accept({ events, links, identityId }: Plan, metadata: EventMetadata): void {
    for (const link of links) this.relink(link);
    if (identityId === undefined || events.length === 0) return;
    const before = this.drafts.stateOf(identityId);
    for (const event of events)
      if (event.type === 'IdentityDeleted' && event.data.mergedInto !== undefined)
        this.move(identityId, event.data.mergedInto);
    this.drafts.decide(identityId, () => events, metadata);
    this.rekey(identityId, before, this.drafts.stateOf(identityId));
  }

  /** Appends the events of every plan. */
  append(): Promise<void> {
    return this.drafts.append();
  }

  get linksToSave(): readonly Link[] {
    return [...this.changedLinks.values()];
  }

  /** Identities that ended in another one, for the links that are not known here. */
  get moves(): readonly IdentityMove[] {
    return this.moved;
  }

  private isShared({ externalId, identityId }: Link): boolean {
    const own = bindingName(this.key.stream, externalId);
    const bound = [...(this.bindings.get(identityId) ?? [])];
    return this.shared.has(identityId) || bound.some((name) => name !== own);
  }

  private move(from: string, into: string): void {
    const [ended, winner] = [this.drafts.stateOf(from), this.drafts.stateOf(into)];
    const hold =
      ended.status === 'live' && winner.status === 'live'
        ? { key: winner.identifierKey, insteadOf: ended.identifierKey }
        : null;
    this.moved.push({ from, into, hold });
    for (const link of this.links.values()) {
      if (link.identityId !== from) continue;
      const moved = { ...link, identityId: into, contentHash: null, hold };
      this.links.set(link.externalId, moved);
      if (this.changedLinks.has(link.externalId)) this.changedLinks.set(link.externalId, moved);
    }
    for (const name of this.bindings.get(from) ?? []) this.bindingsOf(into).add(name);
    this.bindings.delete(from);
    if (this.shared.delete(from)) this.shared.add(into);
  }

  private relink(link: Link): void {
    const before = this.links.get(link.externalId);
    const name = bindingName(this.key.stream, link.externalId);
    if (before) this.bindings.get(before.identityId)?.delete(name);
    this.links.set(link.externalId, link);
    this.changedLinks.set(link.externalId, link);
    if (isBound(link)) this.bindingsOf(link.identityId).add(name);
  }

  private rekey(identityId: string, before: Identity, after: Identity): void {
    if (before.status === 'live') this.release(identityId, before.identifierKey);
    if (after.status === 'live') this.keys.set(after.identifierKey, identityId);
  }

  /** A key that somebody else has taken meanwhile stays there. */
  private release(identityId: string, identifierKey: string): void {
    if (this.keys.get(identifierKey) === identityId) this.keys.delete(identifierKey);
  }

  private bind({ identityId, connectionId, record }: Binding): void {
    if (connectionId === this.key.connectionId) this.bindingsOf(identityId).add(record);
    else this.shared.add(identityId);
  }

  private bindingsOf(identityId: string): Set<string> {
    const bound = this.bindings.get(identityId) ?? new Set();
    this.bindings.set(identityId, bound);
    return bound;
  }
}

/** The identity that a record is about to change: its link's, or the one that has its key. */
const targetOf = (link: Link | undefined, holderId: string | undefined): string | undefined =>
  link && link.mergedInto === null ? link.identityId : holderId;

const UNKNOWN: Identity = { status: 'unknown' };

function recordIdsOf(observations: readonly Observation[]): string[] {
  const ids = observations.flatMap((observation) => [
    observation.id,
    ...(observation.kind === 'present' ? observation.mergedIds : []),
    ...(observation.kind === 'merged' ? [observation.into] : []),
  ]);
  return [...new Set(ids)];
}

function keysOf(observations: readonly Observation[]): string[] {
  const keys = observations.flatMap((observation) =>
    observation.kind === 'present' ? [observation.mirrored.identifierKey] : [],
  );
  return [...new Set(keys)];
}
