import type { EventOf, RunState, ToolCallPart } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';

/** Answers a call that is not carried out; nothing of it happens. */
export function refuseCall(
  state: WorkingState,
  run: RunState,
  call: Pick<ToolCallPart, 'tool_call_id' | 'tool_name'>,
  refusal: { readonly by: EventOf<'tool_call_refused'>['by']; readonly why: string },
): void {
  state.record({
    type: 'tool_call_refused',
    session_id: run.session_id,
    run_id: run.run_id,
    step: run.step,
    by: refusal.by,
    message: {
      role: 'tool',
      tool_call_id: call.tool_call_id,
      tool_name: call.tool_name,
      content: `The call was not carried out: ${refusal.why}`,
      is_error: true,
    },
  });
}
