import {
  type GivenApproval,
  type RunState,
  type ToolCallPart,
  digestOfJson,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import type { PreparedCall } from './prepared-call.ts';
import type { Rules } from './rules.ts';

interface IntendedCall extends Pick<PreparedCall, 'auditTarget'> {
  readonly call: Pick<ToolCallPart, 'tool_call_id' | 'tool_name'> & Partial<ToolCallPart>;
}

/** The call will be carried out. `approval`: by the operator's word, and only as it was approved. */
export function intendToolCall(
  state: WorkingState,
  run: RunState,
  { call, auditTarget }: IntendedCall,
  rules: Rules,
  approval?: GivenApproval,
): void {
  state.record({
    type: 'action_intended',
    session_id: run.session_id,
    run_id: run.run_id,
    action_id: rules.newId('action'),
    step: run.step,
    kind: 'tool_call',
    effect: rules.effectOf(call.tool_name),
    target: `tool:${call.tool_name}`,
    request_digest:
      approval?.digest ??
      digestOfJson({ tool: call.tool_name, input: call.input ?? call.raw_input }),
    ...(auditTarget !== undefined && { audit_target: auditTarget }),
    tool_call_id: call.tool_call_id,
    ...(approval !== undefined && { approval }),
  });
}
