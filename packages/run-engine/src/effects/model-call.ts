import type { Redactor } from '@kheish/auth-store';
import {
  type AssistantMessage,
  type AssistantPart,
  type Budgets,
  type Clock,
  type Json,
  type NewId,
  type PromptMessage,
  type PromptPart,
  type RandomSource,
  type ReachCrashPoint,
  type RunState,
  type SessionState,
  type Usage,
  costOf,
  digestOfJson,
  modelInUse,
  toolCallsOf,
  wellFormedJson,
} from '@kheish/core-model';
import { type CallPolicy, callModel } from '@kheish/model-drivers';
import type { BlobRow, Store } from '@kheish/state-store';
import type { PreparedCall } from '../decide/prepared-call.ts';
import type { Rules } from '../decide/rules.ts';
import type { ModelOutcome } from '../decide/settle-model-call.ts';
import type { ModelRoutes } from '../engine/model-routes.ts';
import { systemPrompt } from '../prompt/system-prompt.ts';
import type { Transcripts } from '../prompt/transcript.ts';
import type { Intent } from './intent.ts';
import type { LiveText } from './live-text.ts';
import { redactedParts } from './redacted-parts.ts';
import type { KeepText, ReadPatiently } from './tool-call.ts';
import type { ToolGate } from './tool-gate.ts';

export interface ModelCallPorts {
  readonly store: Store;
  readonly routes: ModelRoutes;
  readonly gate: ToolGate;
  readonly transcripts: Transcripts;
  readonly live: LiveText;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly newId: NewId;
  readonly callPolicy?: Partial<CallPolicy>;
  /** Takes known secrets out of what models, tools and providers say. */
  readonly redactor: Redactor;
  /** What the configuration that a run is pinned to says of a call. */
  readonly permit: Rules['permit'];
  readonly reach?: ReachCrashPoint;
}

export interface ModelAnswer {
  readonly outcome: Extract<ModelOutcome, { outcome: 'succeeded' }>;
  readonly blobs: readonly BlobRow[];
}

/** Performs an intended model call: the session's transcript to the run's route, the answer as it will be stored. */
export async function performModelCall(
  intent: Intent,
  signal: AbortSignal,
  ports: ModelCallPorts & { readonly read: ReadPatiently; readonly keep: KeepText },
): Promise<ModelAnswer> {
  const { session_id: sessionId, run_id: runId } = intent;
  const { session, run, config, budgets, driver, messages } = await ports.read(() =>
    preparedCall(intent, ports),
  );
  signal.throwIfAborted();

  ports.reach?.('model.begun');
  ports.live.begin(runId, sessionId, intent.step);
  try {
    const answer = await callModel({
      driver,
      request: {
        model: modelInUse(run),
        system: systemPrompt(config.system_prompt, {
          session: session.system_prompt,
          route: ports.routes.systemPrompt(run.route.route_id),
        }),
        messages,
        tools: ports.gate.definitions,
        generation: { ...run.request.generation, ...heldTo(intent, budgets) },
      },
      clock: ports.clock,
      random: ports.random,
      signal,
      ...(ports.callPolicy && { policy: ports.callPolicy }),
      onDelta: (delta) => {
        ports.reach?.('model.delta');
        if ('text' in delta) ports.live.say(runId, delta.attempt, 'text', delta.text);
        else ports.live.say(runId, delta.attempt, 'reasoning', delta.reasoning);
      },
    });
    ports.reach?.('model.answered');
    const said = redactedParts(
      answer.parts.map((part) => wellFormedJson(part as Json) as PromptPart),
      ports.redactor,
    );
    const { parts, blobs } = await storedParts(said, callIdsOf(session, messages), ports);
    const message: AssistantMessage = {
      role: 'assistant',
      parts,
      stop_reason: answer.stop_reason,
      driver: driver.name,
      model: modelInUse(run),
    };
    const spent = answer.usage && { usage: answer.usage, ...costIn(answer.usage, run, ports) };
    const responseDigest = digestOfJson(said);
    const calls: PreparedCall[] = [];
    const isAsked = (prepared: PreparedCall) =>
      ports.permit(ports.store.read, run, prepared).decision === 'ask';
    for (const call of toolCallsOf(message)) calls.push(await ports.gate.prepare(call, isAsked));
    return { outcome: { outcome: 'succeeded', message, responseDigest, calls, ...spent }, blobs };
  } finally {
    ports.live.end(runId);
  }
}

/** Where a budget is in force the answer may not be longer than what was put aside for it. */
function heldTo({ reservation }: Intent, budgets: Budgets) {
  if (reservation === undefined || Object.keys(budgets).length === 0) return {};
  return { max_output_tokens: reservation.output_tokens };
}

export function costIn(usage: Usage, run: RunState, { routes }: Pick<ModelCallPorts, 'routes'>) {
  const price = routes.price(run.route.route_id, modelInUse(run));
  return price === undefined ? {} : { costUsdMicros: costOf(usage, price) };
}

async function preparedCall(intent: Intent, { store, routes, transcripts }: ModelCallPorts) {
  const { session_id: sessionId, run_id: runId } = intent;
  const session = store.read.session(sessionId);
  const run = store.read.run(runId);
  if (session === undefined || run === undefined) throw new Error(`run ${runId} is not stored`);
  const { config } = store.read.runtime(run.config_revision);
  const { budgets } = store.read.runtime().config;
  const driver = await routes.driver(run.route, intent);
  const messages = await transcripts.prompt(session);
  return { session, run, config, budgets, driver, messages };
}

/**
 * Ids that a new call may not have. Drivers count messages where a provider gives no ids, and after a compaction there
 * are fewer.
 */
function callIdsOf({ compaction }: SessionState, messages: readonly PromptMessage[]): Set<string> {
  if (compaction === undefined) return new Set();
  const answers = messages.filter((message) => message.role === 'tool');
  return new Set(answers.map((message) => message.tool_call_id));
}

/** Long texts become blobs; a tool call without an id of its own gets one, so that its answer finds it. */
async function storedParts(
  answered: readonly PromptPart[],
  taken: ReadonlySet<string>,
  ports: { readonly newId: NewId; readonly keep: KeepText },
): Promise<{ parts: AssistantPart[]; blobs: BlobRow[] }> {
  const parts: AssistantPart[] = [];
  const blobs: BlobRow[] = [];
  const callIds = new Set<string>(['', ...taken]);
  for (const part of answered) {
    if (part.type === 'tool_call') {
      const own = !callIds.has(part.tool_call_id);
      const id = own ? part.tool_call_id : ports.newId('call');
      callIds.add(id);
      parts.push(own ? part : { ...part, tool_call_id: id });
      continue;
    }
    if (part.text === undefined) {
      parts.push(part);
      continue;
    }
    const prepared = await ports.keep(part.text);
    blobs.push(...prepared.blobs);
    parts.push({ ...part, text: prepared.body });
  }
  return { parts, blobs };
}
