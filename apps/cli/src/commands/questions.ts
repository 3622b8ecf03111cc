import type {
  QuestionAnswer,
  QuestionResolution,
  Questions,
  UserQuestionRequest,
} from '@kheish/client-sdk';
import type { Command } from 'commander';
import { findRequest } from '../asked/find-request.ts';
import { questionFields } from '../asked/question-text.ts';
import { UsageError } from '../failure.ts';
import { inlineOrFile, parseJson } from '../input/json-source.ts';
import { type Invocation, onDaemon } from '../invocation.ts';
import { type ListFlags, addListOptions, printListing } from '../list-options.ts';
import { questionColumns } from '../output/columns.ts';
import {
  type WaitFlags,
  addWaitOptions,
  checkWaitFlags,
  outcomes,
  printRun,
} from '../run-outcome.ts';

const example = `
Examples:
  kheish questions answer question_0198c1 --interactive --wait
  kheish questions answer question_0198c1 --answers-json '[{"question_id":"1","selected_option_ids":["2"]}]'
  kheish questions answer question_0198c1 --declined --justification "decide yourself"
`;

interface PlaceFlags {
  readonly sessionId?: string;
  readonly runId?: string;
  readonly justification?: string;
  readonly idempotencyKey?: string;
}

interface AnswerFlags extends PlaceFlags, WaitFlags {
  readonly answersJson?: string;
  readonly answersFile?: string;
  readonly interactive?: true;
  readonly declined?: true;
}

export function addQuestions(program: Command): void {
  const questions = program
    .command('questions')
    .alias('question')
    .description('what runs ask their operator')
    .addHelpText('after', example);
  addListOptions(
    questions
      .command('list')
      .description('what is open, oldest run first')
      .option('--session-id <session>', 'of this session'),
  ).action(
    onDaemon(async ({ client, print }, flags: ListFlags & { sessionId?: string }) => {
      const { sessionId } = flags;
      await printListing(
        print,
        flags,
        (page) => client.questions.list({ ...page, sessionId }),
        questionColumns,
      );
    }),
  );
  questions
    .command('show <request>')
    .description('the questions of a request, and their options')
    .option('--session-id <session>', 'of this session')
    .action(
      onDaemon(async ({ client, print }, id: string, flags: { sessionId?: string }) => {
        const view = await find(client.questions, id, flags);
        await print.view(print.form === 'table' ? questionFields(view) : view);
      }),
    );
  addAnswer(questions);
  addPlaceOptions(
    questions.command('cancel <request>').description('withdraw a question; its run is cancelled'),
  ).action(
    onDaemon(async ({ client, print }, id: string, flags: PlaceFlags) => {
      const { idempotencyKey, justification } = flags;
      const runId = flags.runId ?? (await find(client.questions, id, flags)).run_id;
      const body = { ...(justification !== undefined && { justification }) };
      await print.view(await client.questions.cancel(runId, id, body, { idempotencyKey }));
    }),
  );
}

function addAnswer(questions: Command): void {
  const command = questions
    .command('answer <request>')
    .description('answer all questions of a request, or decline them')
    .option(
      '--answers-json <json>',
      'a list of {question_id, selected_option_ids, freeform_answer}',
    )
    .option('--answers-file <path>', 'the same from a file')
    .option('--interactive', 'asked on the terminal')
    .option('--declined', 'there will be no answer');
  addWaitOptions(addPlaceOptions(command)).addHelpText('after', outcomes).action(onDaemon(answer));
}

function addPlaceOptions(command: Command): Command {
  return command
    .option('--session-id <session>', 'of this session')
    .option('--run-id <run>', 'the run that asks; without it the open requests are looked through')
    .option('--justification <text>', 'kept in the journal')
    .option('--idempotency-key <key>', 'the same key acts once; to repeat it give --run-id, too');
}

async function answer(invocation: Invocation, id: string, flags: AnswerFlags): Promise<void> {
  checkWaitFlags(flags);
  const given = answersOf(flags);
  const { questions } = invocation.client;
  const { idempotencyKey, justification, interactive } = flags;
  const found =
    flags.runId === undefined || interactive ? await find(questions, id, flags) : undefined;
  const resolution: QuestionResolution =
    interactive && found !== undefined
      ? await askOnTerminal(found.request)
      : { request_id: id, ...given };
  const run = await questions.resolve(
    flags.runId ?? found?.run_id ?? '',
    { ...(justification !== undefined && { justification }), ...resolution },
    { idempotencyKey },
  );
  await printRun(invocation, run, flags);
}

async function askOnTerminal(request: UserQuestionRequest): Promise<QuestionResolution> {
  const { ask } = await import('../asked/ask.ts');
  return ask(request, process.stdin, process.stderr);
}

function answersOf(flags: AnswerFlags): Omit<QuestionResolution, 'request_id'> {
  const { answersJson, answersFile, interactive, declined } = flags;
  const text = inlineOrFile('answers', answersJson, answersFile);
  const given = [text !== undefined, interactive === true, declined === true].filter(Boolean);
  if (given.length !== 1) {
    throw new UsageError(
      'give exactly one of --answers-json, --answers-file, --interactive and --declined',
    );
  }
  if (interactive === true && !(process.stdin.isTTY && process.stderr.isTTY)) {
    throw new UsageError(
      '--interactive needs a terminal; without one give --answers-json, --answers-file or --declined',
    );
  }
  if (declined === true) return { declined: true };
  if (text === undefined) return {};
  const answers = parseJson(text, 'the list of answers');
  if (!Array.isArray(answers)) throw new UsageError('the answers are not a JSON list');
  return { answers: answers as QuestionAnswer[] };
}

async function find(questions: Questions, id: string, flags: { readonly sessionId?: string }) {
  const { sessionId } = flags;
  return findRequest(questions.list({ sessionId, limit: 100 }), id);
}
