import { Controller } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { isMet, VersionMismatchError } from '#event-sourcing';
import {
  CountIdentities,
  CreateIdentity,
  CursorNotFoundError,
  DeleteIdentity,
  fromWireIdentity,
  fromWirePatch,
  GetIdentity,
  GetIdentityAsOf,
  GetIdentityProvenance,
  IdentityId,
  type IdentityOnTheWire,
  type IdentityView,
  identityUuid,
  ListIdentities,
  ModifyIdentity,
  RemoveProperty,
  toWire,
  UpsertIdentity,
  UpsertProperties,
} from '#identity';
import { commandContext } from '../http/command-context.js';
import type { Call, CallOf } from '../http/endpoint.js';
import { etagOf, preconditionOf } from '../http/etag.js';
import { Serve } from '../http/serve.decorator.js';
import * as endpoints from './identities.endpoints.js';
import { filterOf } from './identity-filter.params.js';
import { projectFor } from './project-scope.js';
import { provenanceToWire } from './provenance.view.js';

@Controller()
export class IdentitiesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Serve(endpoints.listIdentities)
  async list(call: CallOf<typeof endpoints.listIdentities>) {
    const { before, after, limit, order } = call.query;
    const page = { before: cursor(before), after: cursor(after), limit, order };
    const views = await this.queries.execute(new ListIdentities(filterOf(call), page, call.caller.access));
    return views.map(toWire);
  }

  @Serve(endpoints.countIdentities)
  count(call: CallOf<typeof endpoints.countIdentities>) {
    return this.queries.execute(new CountIdentities(filterOf(call), call.caller.access));
  }

  @Serve(endpoints.createIdentity)
  async create(call: CallOf<typeof endpoints.createIdentity>) {
    const identity = fromWireIdentity({ ...call.body, project_id: projectFor(call.body, call) });
    const context = commandContext(call, { body: identity });
    return tagged(call, await this.commands.execute(new CreateIdentity(identity, context)));
  }

  @Serve(endpoints.upsertIdentity)
  async upsert(call: CallOf<typeof endpoints.upsertIdentity>) {
    const identity = fromWireIdentity({ ...call.body, project_id: projectFor(call.body, call) });
    const context = commandContext(call, { body: identity });
    return tagged(call, await this.commands.execute(new UpsertIdentity(identity, context)));
  }

  @Serve(endpoints.retrieveIdentity)
  async retrieve(call: CallOf<typeof endpoints.retrieveIdentity>) {
    const { as_of: asOf } = call.query;
    const id = identityUuid(call.params.identity_id);
    const { access } = call.caller;
    const view = await this.queries.execute(
      asOf === undefined ? new GetIdentity(id, access) : new GetIdentityAsOf(id, asOf, access),
    );
    const identity = tagged(call, view);
    if (isUnchanged(call, view.version)) call.reply.code(304);
    if (call.query.include === undefined) return identity;
    const provenance = await this.queries.execute(new GetIdentityProvenance(id, view.version, access));
    return { ...identity, provenance: provenanceToWire(provenance) };
  }

  @Serve(endpoints.modifyIdentity)
  async modify(call: CallOf<typeof endpoints.modifyIdentity>) {
    const command = new ModifyIdentity(idOf(call), fromWirePatch(call.body), commandContext(call));
    return tagged(call, await this.commands.execute(command));
  }

  @Serve(endpoints.deleteIdentity)
  delete(call: CallOf<typeof endpoints.deleteIdentity>) {
    return this.commands.execute(new DeleteIdentity(idOf(call), commandContext(call)));
  }

  @Serve(endpoints.upsertProperties)
  async upsertProperties(call: CallOf<typeof endpoints.upsertProperties>) {
    const command = new UpsertProperties(idOf(call), call.body, commandContext(call));
    return tagged(call, await this.commands.execute(command));
  }

  @Serve(endpoints.removeProperty)
  async removeProperty(call: CallOf<typeof endpoints.removeProperty>) {
    const command = new RemoveProperty(idOf(call), call.params.key, commandContext(call));
    return tagged(call, await this.commands.execute(command));
  }
}

const idOf = ({ params }: Call<{ identity_id: string }>): string => identityUuid(params.identity_id);

/** Whether the client has this version already. @throws VersionMismatchError when it wants another one (If-Match) */
function isUnchanged({ request }: Call, version: number): boolean {
  const { is, isNot } = preconditionOf(request.headers) ?? {};
  if (!isMet({ is }, version)) throw new VersionMismatchError({ is }, version);
  return !isMet({ isNot }, version);
}

/** An identity with its version as ETag. */
function tagged({ reply }: Call, view: IdentityView): IdentityOnTheWire {
  reply.header('etag', etagOf(view.version));
  return toWire(view);
}

/** Any text may come as a cursor; what is no id of ours is as unknown as an id that never was. */
function cursor(id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  if (!IdentityId.safeParse(id).success) throw new CursorNotFoundError(id);
  return identityUuid(id);
}
