import type { EventMetadata } from '#event-sourcing';
import { type Identity, IdentityDrafts, type IdentityRepository } from '#identity';
import type { PoolClient } from '#platform';
import { isBound, type Link } from './link.js';
import { type Binding, bindingName, bindingsOf, linksOf, type StreamKey } from './link.store.js';
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

  private constructor(
    private readonly key: StreamKey,
    private readonly drafts: IdentityDrafts,
  ) {}

  static async load(
    client: PoolClient,
    identities: IdentityRepository,
    scope: StreamKey & { readonly projectId: string | null },
    observations: readonly Observation[],
  ): Promise<Roster> {
    const repository = identities.within(client);
    const roster = new Roster(scope, new IdentityDrafts(repository));
    const links = await linksOf(client, scope, recordIdsOf(observations));
    for (const link of links) roster.links.set(link.externalId, link);
    const loaded = await repository.loadMany([...new Set(links.map(({ identityId }) => identityId))]);
    const holders = await repository.findByKeys(scope.projectId, keysOf(observations));
    for (const { id, ...found } of holders.values()) loaded.set(id, found);
    for (const [id, identity] of loaded) {
      roster.drafts.add(id, identity);
      if (identity.state.status === 'live') roster.keys.set(identity.state.identifierKey, id);
    }
    for (const binding of await bindingsOf(client, [...loaded.keys()])) roster.bind(binding);
    return roster;
  }

  held(observation: Observation): Held {
    const link = this.links.get(observation.id);
    return {
      link,
      identity: link ? this.drafts.stateOf(link.identityId) : UNKNOWN,
      shared: link !== undefined && this.shared.has(link.identityId),
      holder: observation.kind === 'present' ? this.holderOf(observation.mirrored.identifierKey) : undefined,
      winner: observation.kind === 'merged' ? this.links.get(observation.into) : undefined,
    };
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

  /** Takes over what a plan leaves behind. */
  accept({ events, links, identityId }: Plan, metadata: EventMetadata): void {
    for (const link of links) this.relink(link);
    if (identityId === undefined || events.length === 0) return;
    const before = this.drafts.stateOf(identityId);
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

  private relink(link: Link): void {
    const before = this.links.get(link.externalId);
    const name = bindingName(this.key.stream, link.externalId);
    if (before) this.bindings.get(before.identityId)?.delete(name);
    this.links.set(link.externalId, link);
    this.changedLinks.set(link.externalId, link);
    if (isBound(link)) this.bindingsOf(link.identityId).add(name);
  }

  private rekey(identityId: string, before: Identity, after: Identity): void {
    if (before.status === 'live') this.keys.delete(before.identifierKey);
    if (after.status === 'live') this.keys.set(after.identifierKey, identityId);
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
