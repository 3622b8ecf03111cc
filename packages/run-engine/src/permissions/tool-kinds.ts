const edits = new Set(['write_file', 'edit_file', 'apply_patch']);

/** Tools that read, plan or speak, and leave the outside as it is. */
const planning = new Set([
  'read_file',
  'read_output',
  'list_files',
  'glob_search',
  'grep_search',
  'web_fetch',
  'web_search',
  'ask_user_question',
  'emit_output',
  'task_create',
  'task_get',
  'task_list',
  'task_output',
  'task_update',
  'task_stop',
  'task_delete',
  'list_mcp_resources',
  'list_mcp_resource_templates',
  'read_mcp_resource',
  'exit_plan_mode',
]);

export function isEdit(toolName: string): boolean {
  return edits.has(toolName);
}

/** Whether a tool may be used while a plan is made. */
export function isPlanning(toolName: string): boolean {
  return planning.has(toolName);
}

/** Whether what a call does is a command line. */
export function runsCommands(toolName: string): boolean {
  return toolName === 'bash';
}
