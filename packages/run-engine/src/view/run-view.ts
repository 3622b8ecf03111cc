import { type RunState, type RunView, type SessionState, isBlobRef } from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import { approvalViews } from './asked-view.ts';

/** A run whose outputs are all at hand: that it has none, or none that is long. */
export function runView(run: RunState, session: SessionState | undefined): RunView {
  const place = session?.queued_run_ids.indexOf(run.run_id) ?? -1;
  const { request, route, stop } = run;
  return {
    run_id: run.run_id,
    session_id: run.session_id,
    agent_id: run.agent_id,
    kind: run.kind,
    status: run.status,
    submitted_at_ms: run.submitted_at_ms,
    updated_at_ms: run.updated_at_ms,
    ...(run.started_at_ms !== undefined && { started_at_ms: run.started_at_ms }),
    ...(run.finished_at_ms !== undefined && { finished_at_ms: run.finished_at_ms }),
    ...(run.status === 'queued' && place >= 0 && { queued_position: place + 1 }),
    ...(stop !== undefined && { cancel_requested_at_ms: stop.at_ms }),
    request: {
      source_plugin: request.source_plugin,
      source_kind: request.source_kind,
      actor_id: request.actor_id,
      text_preview: request.text_preview,
      provider: route.route_id,
      driver: route.driver,
      model: route.model,
      ...(route.fallback_model !== undefined && { fallback_model: route.fallback_model }),
    },
    ...(request.metadata !== undefined && { input_metadata: request.metadata }),
    steps: run.step,
    ...(run.fallback !== undefined && { fallback: run.fallback }),
    ...(run.approvals.length > 0 && {
      pending_approval_ids: run.approvals.map(({ id }) => id),
      pending_approvals: [...run.approvals],
    }),
    ...(run.questions.length > 0 && {
      pending_question_ids: run.questions.map(({ id }) => id),
      pending_questions: [...run.questions],
    }),
    ...(run.config_revision !== undefined && { config_revision: run.config_revision }),
    outputs: run.outputs.map((output) => ({
      session_id: run.session_id,
      run_id: run.run_id,
      source_kind: output.source_kind,
      content: typeof output.content === 'string' ? output.content : '',
    })),
    ...(run.usage !== undefined && { usage: run.usage }),
    ...(run.cost !== undefined && { cost: run.cost }),
    ...(run.error !== undefined && { error: run.error }),
  };
}

/** Characters of an output that a list shows. */
const LISTED_CHARACTERS = 1_000;

/** The run as an item of a list: the beginning of its outputs, and nothing of one that is a blob. */
export function listedRunView(store: Store, run: RunState): RunView {
  const view = runView(run, sessionOfQueued(store, run));
  return {
    ...view,
    outputs: view.outputs.map((output, index) => {
      const isElsewhere = isBlobRef(run.outputs[index]?.content ?? '');
      if (!isElsewhere && output.content.length <= LISTED_CHARACTERS) return output;
      const content = output.content.slice(0, LISTED_CHARACTERS).replace(/[\uD800-\uDBFF]$/, '');
      return { ...output, content, truncated: true };
    }),
  };
}

/** The run with every output in full, and the arguments of the calls that it asks for. */
export async function fullRunView(store: Store, run: RunState): Promise<RunView> {
  const view = runView(run, sessionOfQueued(store, run));
  if (view.pending_approvals !== undefined) view.pending_approvals = approvalViews(store, run);
  for (const [index, { content }] of run.outputs.entries()) {
    const output = view.outputs[index];
    if (output !== undefined && typeof content !== 'string') {
      output.content = await store.blobs.text(run.session_id, content);
    }
  }
  return view;
}

function sessionOfQueued(store: Store, run: RunState): SessionState | undefined {
  return run.status === 'queued' ? store.read.session(run.session_id) : undefined;
}
