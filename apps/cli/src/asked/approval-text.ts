import type {
  ActionBinding,
  ApprovalRequestView,
  PendingApprovalView,
  SandboxView,
} from '@kheish/client-sdk';
import { visibleText } from '../output/plain-text.ts';

/** Characters of an argument, and of a word of a command, that are shown unless all was asked for. */
const SHORT = 400;

/** An approval for a person, one field a line. */
export function approvalFields(view: PendingApprovalView, sandbox: SandboxView | undefined) {
  const { session_id, run_id, request } = view;
  return {
    request: request.id,
    session: session_id,
    run: run_id,
    ...(request.kind === 'tool' ? callFields(request, sandbox) : budgetFields(request)),
    reason: visibleText(request.reason),
    requested_at_ms: request.requested_at_ms,
    ...(request.expires_at_ms !== undefined && { expires_at_ms: request.expires_at_ms }),
    ...(request.kind === 'tool' && { digest: request.digest }),
  };
}

type ToolRequest = Extract<ApprovalRequestView, { kind: 'tool' }>;
type BudgetRequest = Extract<ApprovalRequestView, { kind: 'budget' }>;

function callFields({ tool_name, input, binding }: ToolRequest, sandbox: SandboxView | undefined) {
  return {
    tool: visibleText(tool_name),
    arguments: Object.fromEntries(argumentsOf(input, true)),
    ...(binding !== undefined && boundTo(binding)),
    ...(sandbox?.kind === 'none' && { sandbox: `none: ${sandbox.reason}` }),
  };
}

function budgetFields({ budget, unit, limit, used, needed }: BudgetRequest) {
  return { budget, unit, limit, used, needed };
}

/** What is asked for, in a word or two. */
export function approvalSubject(request: ApprovalRequestView): string {
  return request.kind === 'tool' ? request.tool_name : `${request.budget} budget`;
}

/** The same in the lines of a talk; long arguments in short unless `all`. */
export function approvalLines(
  request: ApprovalRequestView,
  sandbox: SandboxView | undefined,
  all: boolean,
): string[] {
  const { reason, expires_at_ms: expiresAtMs } = request;
  if (request.kind === 'budget') {
    return [
      `? The run needs your approval to spend more. ${visibleText(reason)}`,
      ...(expiresAtMs === undefined ? [] : [`  expires ${new Date(expiresAtMs).toISOString()}`]),
    ];
  }
  const { tool_name, input, binding, digest } = request;
  return [
    `? ${visibleText(tool_name)} needs your approval (${visibleText(reason)})`,
    ...argumentsOf(input, all).map(([name, text]) => `    ${name}: ${text}`),
    ...(binding === undefined ? [] : boundLines(binding, all)),
    ...(sandbox?.kind === 'none' ? [`  no sandbox: ${sandbox.reason}`] : []),
    ...(expiresAtMs === undefined ? [] : [`  expires ${new Date(expiresAtMs).toISOString()}`]),
    ...(all ? [`  digest ${digest}`] : []),
  ];
}

/** Whether a command is run, so that it matters what keeps it from the rest of the machine. */
export function runsCommand(request: ApprovalRequestView): boolean {
  if (request.kind === 'budget') return false;
  const { binding } = request;
  return binding?.argv !== undefined || binding?.unbound !== undefined;
}

/** Names and values as JSON, with every character that a terminal would hide. */
function argumentsOf(input: ToolRequest['input'], all: boolean): [string, string][] {
  if (input === undefined) return [['arguments', 'not JSON']];
  return Object.entries(input).map(([name, value]) => [
    visibleText(name),
    shortened(visibleText(JSON.stringify(value)), all),
  ]);
}

function shortened(text: string, all: boolean): string {
  const left = text.length - SHORT;
  return all || left <= 0 ? text : `${text.slice(0, SHORT)}… (${left} more characters)`;
}

function boundTo({ cwd, argv, executable, files, unbound }: ActionBinding) {
  return {
    ...(cwd !== undefined && { cwd: visibleText(cwd) }),
    ...(argv !== undefined && { argv: visibleText(JSON.stringify(argv)) }),
    ...(executable !== undefined && { executable: visibleText(executable) }),
    ...(files.length > 0 && {
      files: files.map(({ path, digest }) => `${visibleText(path)} ${digest ?? '(no file)'}`),
    }),
    ...(unbound !== undefined && { unbound: visibleText(unbound) }),
  };
}

function boundLines(binding: ActionBinding, all: boolean): string[] {
  const { files = [], ...rest } = boundTo(binding);
  return [
    ...Object.entries(rest).map(([name, text]) => `  ${name} ${shortened(text, all)}`),
    ...files.map(
      (file) => `  file ${all ? file : file.replace(/( sha256:.{12})[0-9a-f]+$/, '$1…')}`,
    ),
  ];
}
