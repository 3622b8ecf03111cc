import type { ToolContext } from '@kheish/core-model';

/** What the gate would give to a tool. */
export function toolContext(signal = new AbortController().signal): ToolContext {
  return {
    session_id: 's',
    run_id: 'run_1',
    action_id: 'act_1',
    signal,
    reach: 'workspace_write',
    begin: () => Promise.resolve(),
    background: () => Promise.reject(new Error('there are no tasks here')),
  };
}
