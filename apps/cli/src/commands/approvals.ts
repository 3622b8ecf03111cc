import type { ApprovalResolution, Client, PendingApprovalView, RunView } from '@kheish/client-sdk';
import type { Command } from 'commander';
import { approvalFields, runsCommand } from '../asked/approval-text.ts';
import { allOf, findRequest } from '../asked/find-request.ts';
import { inlineOrFile, parseObject } from '../input/json-source.ts';
import { type Invocation, onDaemon } from '../invocation.ts';
import { type ListFlags, addListOptions, printListing } from '../list-options.ts';
import { approvalColumns } from '../output/columns.ts';
import {
  type WaitFlags,
  addWaitOptions,
  checkWaitFlags,
  outcomeOf,
  outcomes,
  printRun,
} from '../run-outcome.ts';

const example = `
Examples:
  kheish approvals list
  kheish approvals allow demo approval_0198c1 --wait
  kheish approvals deny demo approval_0198c1 --reason "not outside docs/"
`;

interface AnswerFlags extends WaitFlags {
  readonly runId?: string;
  readonly justification?: string;
  readonly reason?: string;
  readonly idempotencyKey?: string;
  readonly updatedInputJson?: string;
  readonly updatedInputFile?: string;
}

export function addApprovals(program: Command): void {
  const approvals = program
    .command('approvals')
    .alias('approval')
    .description("tool calls that wait for the operator's word")
    .addHelpText('after', example);
  addListOptions(
    approvals
      .command('list')
      .description('what is open, oldest run first')
      .option('--session-id <session>', 'of this session'),
  ).action(
    onDaemon(async ({ client, print }, flags: ListFlags & { sessionId?: string }) => {
      const { sessionId } = flags;
      await printListing(
        print,
        flags,
        (page) => client.approvals.list({ ...page, sessionId }),
        approvalColumns,
      );
    }),
  );
  approvals
    .command('show <request>')
    .description('what would be done, and what the approval is bound to')
    .option('--session-id <session>', 'of this session')
    .action(onDaemon(show));
  addAllow(approvals, 'allow');
  addDeny(approvals);
  addAll(approvals, 'allow');
  addAll(approvals, 'deny');
}

async function show(
  { client, print }: Invocation,
  id: string,
  { sessionId }: { sessionId?: string },
): Promise<void> {
  const view = await findRequest(client.approvals.list({ sessionId, limit: 100 }), id);
  const sandbox = runsCommand(view.request) ? (await client.runtime.get()).sandbox : undefined;
  if (print.form === 'table') return print.view(approvalFields(view, sandbox));
  return print.view({ ...view, ...(sandbox !== undefined && { sandbox }) });
}

/** `approvals allow`, and `sessions approve`. */
export function addAllow(parent: Command, name: string): void {
  const command = addAnswerOptions(
    parent
      .command(`${name} <session> <request>`)
      .description('allow a call exactly as it was asked for, once')
      .option('--updated-input-json <json>', "arguments in the place of the model's")
      .option('--updated-input-file <path>', 'the same from a file'),
  );
  command.action(
    onDaemon(async (invocation, session: string, id: string, flags: AnswerFlags) => {
      const { updatedInputJson, updatedInputFile } = flags;
      const text = inlineOrFile('updated-input', updatedInputJson, updatedInputFile);
      const updated = text === undefined ? undefined : parseObject(text, 'the updated input');
      await answer(invocation, session, flags, {
        request_id: id,
        behavior: 'allow',
        ...(updated && { updated_input: updated as ApprovalResolution['updated_input'] }),
      });
    }),
  );
}

/** `approvals deny`, and `sessions deny`. */
export function addDeny(parent: Command): void {
  addAnswerOptions(
    parent
      .command('deny <session> <request>')
      .description('deny a call; the run goes on without it')
      .option('--reason <text>', 'told to the model'),
  ).action(
    onDaemon((invocation, session: string, id: string, flags: AnswerFlags) =>
      answer(invocation, session, flags, { request_id: id, behavior: 'deny' }),
    ),
  );
}

function addAnswerOptions(command: Command): Command {
  return addWaitOptions(command)
    .option('--run-id <run>', 'the run that asks; without it the open requests are looked through')
    .option('--justification <text>', 'kept in the journal')
    .option('--idempotency-key <key>', 'the same key answers once; to repeat it give --run-id, too')
    .addHelpText('after', outcomes);
}

async function answer(
  invocation: Invocation,
  sessionId: string,
  flags: AnswerFlags,
  resolution: ApprovalResolution,
): Promise<void> {
  checkWaitFlags(flags);
  const { client } = invocation;
  const runId = flags.runId ?? (await runOf(client, sessionId, resolution.request_id));
  const { idempotencyKey } = flags;
  const resolutions = [{ ...resolution, ...wordsOf(flags) }];
  const run = await client.approvals.resolve(runId, resolutions, { idempotencyKey });
  await printRun(invocation, run, flags);
}

async function runOf(client: Client, sessionId: string, id: string): Promise<string> {
  return (await findRequest(client.approvals.list({ sessionId, limit: 100 }), id)).run_id;
}

function wordsOf({ reason, justification }: AnswerFlags) {
  return {
    ...(reason !== undefined && { reason }),
    ...(justification !== undefined && { justification }),
  };
}

interface AllFlags extends AnswerFlags {
  readonly sessionId?: string;
}

function addAll(approvals: Command, behavior: 'allow' | 'deny'): void {
  const command = approvals
    .command(`${behavior}-all`)
    .description(`${behavior} what is open now, one batch a run`)
    .option('--session-id <session>', 'of this session');
  if (behavior === 'allow') command.alias('approve-all');
  else command.option('--reason <text>', 'told to the model');
  addWaitOptions(command)
    .option('--justification <text>', 'kept in the journal')
    .option('--idempotency-key <key>', 'the same key answers the same requests once')
    .addHelpText('after', outcomes)
    .action(onDaemon((invocation, flags: AllFlags) => answerAll(invocation, behavior, flags)));
}

async function answerAll(
  { client, print }: Invocation,
  behavior: 'allow' | 'deny',
  flags: AllFlags,
): Promise<void> {
  checkWaitFlags(flags);
  const { sessionId, idempotencyKey, wait, timeoutMs } = flags;
  const { KheishError } = await import('@kheish/client-sdk');
  const open = await allOf(client.approvals.list({ sessionId, limit: 100 }));
  const answered: PendingApprovalView[] = [];
  const runs: RunView[] = [];
  const failures: unknown[] = [];
  for (const [runId, views] of Map.groupBy(open, ({ run_id }) => run_id)) {
    const words = wordsOf(flags);
    const resolutions = views.map(({ request }) => ({
      request_id: request.id,
      behavior,
      ...words,
    }));
    try {
      runs.push(await client.approvals.resolve(runId, resolutions, { idempotencyKey }));
      answered.push(...views);
    } catch (error) {
      failures.push(error);
      // Another run may still be answered where the daemon refused this one.
      if (!(error instanceof KheishError)) break;
    }
  }
  const shown =
    wait === true
      ? await Promise.all(runs.map(({ run_id }) => outcomeOf(client, run_id, timeoutMs)))
      : runs;
  await print.view({
    resolved_requests: answered.length,
    affected_sessions: [...new Set(answered.map(({ session_id }) => session_id))],
    runs: shown,
  });
  if (failures.length > 0) throw failures[0];
}
