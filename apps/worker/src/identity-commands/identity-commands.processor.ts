import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Command, CommandBus } from '@nestjs/cqrs';
import {
  type CommandContext,
  CreateIdentity,
  DeleteIdentity,
  fromWireIdentity,
  fromWirePatch,
  IdentifierKeyTakenError,
  identityUuid,
  ModifyIdentity,
  UpsertIdentities,
  UpsertIdentity,
  UpsertProperties,
} from '#identity';
import type { JobContext, JobData, JobDefinition, JobRunner } from '#queue';
import { identityCommandJobs as jobs } from './identity-command.jobs.js';

interface Envelope {
  readonly idempotency_key?: string | undefined;
  readonly correlation_id?: string | undefined;
}

/** Turns each job of `identity-commands` into the command it names. */
@Injectable()
export class IdentityCommandsProcessor {
  constructor(private readonly commandBus: CommandBus) {}

  register(runner: JobRunner): void {
    const on = <Job extends JobDefinition>(job: Job, commandOf: CommandOf<Job>) =>
      runner.register(job, (data, context) => this.run(commandOf(data, contextOf(job, data, context))));

    on(jobs.create, (data, context) => new CreateIdentity(fromWireIdentity(data), context));
    on(jobs.upsert, (data, context) => new UpsertIdentity(fromWireIdentity(data), context));
    on(jobs.modify, ({ identity_id, changes }, context) => {
      return new ModifyIdentity(identityUuid(identity_id), fromWirePatch(changes), context);
    });
    on(jobs.upsertProperties, ({ identity_id, properties }, context) => {
      return new UpsertProperties(identityUuid(identity_id), properties, context);
    });
    on(jobs.delete, ({ identity_id }, context) => new DeleteIdentity(identityUuid(identity_id), context));
    on(jobs.upsertBatch, ({ identities }, context) => {
      return new UpsertIdentities(identities.map(fromWireIdentity), context, { onRejected: 'throw' });
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
