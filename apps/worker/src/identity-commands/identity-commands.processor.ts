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
import type { JobContext, JobRunner } from '#queue';
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
    runner
      .register(jobs.create, (data, job) =>
        this.run(new CreateIdentity(fromWireIdentity(data), contextOf(data, job))),
      )
      .register(jobs.upsert, (data, job) =>
        this.run(new UpsertIdentity(fromWireIdentity(data), contextOf(data, job))),
      )
      .register(jobs.modify, (data, job) =>
        this.run(
          new ModifyIdentity(
            identityUuid(data.identity_id),
            fromWirePatch(data.changes),
            contextOf(data, job),
          ),
        ),
      )
      .register(jobs.upsertProperties, (data, job) =>
        this.run(new UpsertProperties(identityUuid(data.identity_id), data.properties, contextOf(data, job))),
      )
      .register(jobs.delete, (data, job) =>
        this.run(new DeleteIdentity(identityUuid(data.identity_id), contextOf(data, job))),
      )
      .register(jobs.upsertBatch, (data, job) =>
        this.run(
          new UpsertIdentities(data.identities.map(fromWireIdentity), contextOf(data, job), {
            onRejected: 'throw',
          }),
        ),
      );
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

/** Delivery is at least once: the job's own key makes its effect once, unless the producer brought a key. */
function contextOf(data: Envelope, { jobKey, jobId }: JobContext): CommandContext {
  const { idempotency_key, correlation_id, ...command } = data;
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
      requestHash: createHash('sha256').update(JSON.stringify(command)).digest(),
    },
  };
}
