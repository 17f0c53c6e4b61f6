import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Command, CommandBus } from '@nestjs/cqrs';
import { z } from 'zod';
import {
  type CommandContext,
  CreateIdentity,
  DeleteIdentity,
  fromWireIdentity,
  fromWirePatch,
  IdentifierKeyTakenError,
  identityUuid,
  ModifyIdentity,
  type NewIdentity,
  UpsertIdentities,
  UpsertIdentity,
  UpsertProperties,
} from '#identity';
import { inTransaction, type Pool } from '#platform';
import {
  type JobCare,
  type JobContext,
  type JobData,
  type JobDefinition,
  type JobRegistry,
  parsedBy,
} from '#queue';
import { identityCommandJobs as jobs } from './identity-command.jobs.js';

interface Envelope {
  readonly idempotency_key?: string | undefined;
  readonly correlation_id?: string | undefined;
}

/** Turns each job of `identity-commands` into the command it names. */
@Injectable()
export class IdentityCommandsProcessor {
  constructor(private readonly commandBus: CommandBus) {}

  register(registry: JobRegistry, pool: Pool): void {
    const on = <Job extends JobDefinition>(
      job: Job,
      commandOf: CommandOf<Job>,
      care?: JobCare<JobData<Job>>,
    ) =>
      registry.register(
        job,
        (data, context) => this.run(commandOf(data, contextOf(job, data, context))),
        care,
      );

    on(jobs.create, (data, context) => new CreateIdentity(fromWireIdentity(data), context));
    on(jobs.upsert, (data, context) => new UpsertIdentity(fromWireIdentity(data), context));
    on(jobs.modify, ({ identity_id, changes }, context) => {
      return new ModifyIdentity(identityUuid(identity_id), fromWirePatch(changes), context);
    });
    on(jobs.upsertProperties, ({ identity_id, properties }, context) => {
      return new UpsertProperties(identityUuid(identity_id), properties, context);
    });
    on(jobs.delete, ({ identity_id }, context) => new DeleteIdentity(identityUuid(identity_id), context));
    on(
      jobs.upsertBatch,
      ({ identities }, context) => {
        return new UpsertIdentities(identities.map(fromWireIdentity), context, { onRejected: 'throw' });
      },
      { handleAlone: (batch, job) => this.runBatchAlone(batch, job, pool) },
    );
  }

  /** All or none, but for identities that take down whoever handles them: those become dead letters of their own. */
  private runBatchAlone(data: unknown, job: JobContext, pool: Pool): Promise<void> {
    const { idempotency_key, identities, ...envelope } = parsedBy(RawBatch, data);
    return job.isolate({
      name: 'identities',
      items: identities.map((identity, place) => ({ identity, place })),
      idOf: ({ place }) => String(place),
      apply: async ({ items, isTrial, poisoned }) => {
        // First the letters: who is ended in between finds them written, and writes none twice.
        for (const { item, reason } of poisoned)
          await job.setAside(
            { id: String(item.place), data: { ...envelope, identities: [item.identity] } },
            reason,
          );
        if (items.length === 0) return;
        const wanted = parsedBy(jobs.upsertBatch.schema, {
          idempotency_key,
          ...envelope,
          identities: items.map(({ identity }) => identity),
        });
        const batch = { ...wanted, identities: filled(identities, items, wanted.identities) };
        const context = contextOf(jobs.upsertBatch, batch, job);
        const command = { identities: wanted.identities.map(fromWireIdentity), context };
        if (isTrial) await this.tryBatch(command, pool);
        else await this.run(new UpsertIdentities(command.identities, context, { onRejected: 'throw' }));
      },
    });
  }

  private async tryBatch({ identities, context }: BatchCommand, pool: Pool): Promise<void> {
    const { idempotency: _none, ...tried } = context;
    const trial = inTransaction(pool, async (within) => {
      await this.run(new UpsertIdentities(identities, tried, { onRejected: 'throw', within }));
      throw new TrialOverError();
    });
    await trial.catch((error: unknown) => {
      if (!(error instanceof TrialOverError)) throw error;
    });
  }

  private async run(command: Command<unknown>): Promise<void> {
    try {
      await this.commandBus.execute(command);
    } catch (error) {
      // The error names the key, which may be somebody's e-mail address: a dead letter's reason must not.
      if (error instanceof IdentifierKeyTakenError) throw new JobKeyTakenError({ cause: error });
      throw error;
    }
  }
}

/** Rolls back what was only tried. */
class TrialOverError extends Error {
  override readonly name = 'TrialOverError';
}

interface BatchCommand {
  readonly identities: readonly NewIdentity[];
  readonly context: CommandContext;
}

/** A batch of which no identity has been looked at. */
const RawBatch = z.looseObject({ identities: z.array(z.unknown()), idempotency_key: z.string().optional() });

/** All identities, parsed where they were: that by which a batch with an idempotency key is known again. */
function filled(
  all: readonly unknown[],
  items: readonly { place: number }[],
  parsed: readonly unknown[],
): unknown[] {
  const places = new Map(items.map(({ place }, at) => [place, parsed[at]]));
  return all.map((raw, place) => places.get(place) ?? raw);
}

class JobKeyTakenError extends Error {
  override readonly name = 'JobKeyTakenError';
  readonly code = 'IDENTIFIER_KEY_TAKEN';
  constructor(options: ErrorOptions) {
    super(
      'Another identity of the project has this identifier key; use identity.upsert to bring it up to date',
      options,
    );
  }
}

type CommandOf<Job extends JobDefinition> = (data: JobData<Job>, context: CommandContext) => Command<unknown>;

/** Delivery is at least once: the job's own key makes its effect once, unless the producer brought a key. */
function contextOf({ name }: JobDefinition, data: unknown, { jobKey, jobId }: JobContext): CommandContext {
  const { idempotency_key, correlation_id, ...command } = data as Envelope;
  return {
    metadata: {
      actor: 'job:identity-commands',
      source: 'queue',
      correlationId: correlation_id ?? jobKey,
      causationId: jobId,
    },
    access: 'all',
    idempotency: {
      key: idempotency_key ? `job-key:${idempotency_key}` : `job:${jobKey}`,
      requestHash: createHash('sha256')
        .update(JSON.stringify([name, command]))
        .digest(),
    },
  };
}
