import {
  type ActionBinding,
  digestOfJson,
  type JsonSchema,
  KheishError,
  type Tool,
  type ToolContext,
  type ToolResult,
} from '@kheish/core-model';
import { type CommandSpec, type ProcessHost, findProgram } from '@kheish/process-host';
import * as v from 'valibot';
import type { WorkspaceToolOptions } from '../tools/define-tool.ts';
import { digestTarget } from '../tools/digest-target.ts';
import { Path, flagField, inputObject, pathField } from '../tools/input-fields.ts';
import { parseInput } from '../tools/parse-input.ts';
import { unreadable } from '../workspace/file-problem.ts';
import { printable } from '../workspace/workspace.ts';
import { bindCommand, commandOf } from './bind-command.ts';
import { commandText, keptBytes } from './command-text.ts';

const DEFAULT_TIMEOUT_MS = 120_000;
const MAX_TIMEOUT_MS = 600_000;
/** From the time limit of a command to the proof of its death. */
const STOP_MS = 10_000;
/** Linux takes no longer word than 131,072 bytes. */
const MAX_COMMAND_BYTES = 100_000;
const MAX_DESCRIPTION_CHARACTERS = 1000;

const Command = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxBytes(MAX_COMMAND_BYTES),
  v.check((line) => line.isWellFormed() && !line.includes('\0'), 'Invalid text'),
);
const Description = v.pipe(
  v.string(),
  v.check((text) => Array.from(text).length <= MAX_DESCRIPTION_CHARACTERS, 'Invalid length'),
);
const LocalInput = v.strictObject({
  command: Command,
  cwd: v.optional(Path),
  timeout_ms: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_TIMEOUT_MS)),
  ),
  description: v.optional(Description),
  run_in_background: v.optional(v.boolean()),
});
const NetworkedInput = v.strictObject({ ...LocalInput.entries, network: v.optional(v.boolean()) });
type Input = v.InferOutput<typeof NetworkedInput>;

const localFields: JsonSchema = {
  command: {
    type: 'string',
    minLength: 1,
    description: `The line, as bash takes it after -c; at most ${MAX_COMMAND_BYTES} bytes of UTF-8.`,
  },
  cwd: pathField('The directory to run it in, relative to the workspace. Default: the workspace.'),
  timeout_ms: {
    type: 'integer',
    minimum: 1,
    maximum: MAX_TIMEOUT_MS,
    description: `It is stopped after so many milliseconds. Default ${DEFAULT_TIMEOUT_MS}.`,
  },
  description: {
    type: 'string',
    maxLength: MAX_DESCRIPTION_CHARACTERS,
    description: 'What it is for, in a few words, for who is asked to approve it.',
  },
  run_in_background: flagField(
    'Whether to go on at once while it runs, with the id of a task: task_output reads what it prints. ' +
      'It outlives this run, and has a time limit only where timeout_ms is given. Default false.',
  ),
};
const networkedFields: JsonSchema = {
  ...localFields,
  network: flagField('Whether it needs the network. Default false: there is none in the sandbox.'),
};

export interface BashOptions extends WorkspaceToolOptions {
  readonly host: ProcessHost;
  readonly hidden: readonly string[];
  /** Whether a call may ask for the network. */
  readonly networkAllowed: boolean;
}

export type ShellTool = Tool<Input> & Required<Pick<Tool<Input>, 'bind' | 'command'>>;

/** Runs a line of bash, or of sh where there is no bash. */
export function bashTool(options: BashOptions): ShellTool {
  const { host, limits, hidden, networkAllowed } = options;
  const schema: v.GenericSchema<unknown, Input> = networkAllowed ? NetworkedInput : LocalInput;
  const bind = async ({ command, cwd }: Input): Promise<ActionBinding> => {
    const place = await directory(options, cwd);
    const binding = await bindCommand(command, { cwd: place, path: host.path, hidden });
    return { ...binding, sandbox: (await host.sandbox()).kind };
  };
  return {
    name: 'bash',
    description:
      'Runs a line of bash and returns what it printed on both outputs, then in [brackets] its exit code. ' +
      'Each call is a new shell: directory and variables do not last. There is no input to read. ' +
      'In the sandbox only the workspace can be changed, and /tmp is empty in each call. ' +
      'What it leaves in the background with & is killed when the line ends: for that there is run_in_background. ' +
      'Of a long output the beginning and the end are returned.',
    inputSchema: inputObject(networkAllowed ? networkedFields : localFields, ['command']),
    effect: 'once',
    beginsItself: true,
    limits: {
      timeoutMs: MAX_TIMEOUT_MS + STOP_MS,
      maxOutputBytes: limits.maxOutputBytes,
    },
    parse: (input) => parseInput(schema, input),
    auditTarget: ({ command }) => digestTarget('bash', 'command', command),
    command: async ({ command, cwd }) =>
      commandOf(command, { cwd: await directory(options, cwd), path: host.path, hidden }),
    bind,
    run: async (input, context) => {
      const cwd = await directory(options, input.cwd);
      const spec: CommandSpec = {
        argv: [shell(), '-c', '--', input.command],
        cwd,
        mark: context.action_id,
        ...(await confinement(host, input, context)),
        output: keptBytes(limits.maxOutputBytes),
      };
      const lastLook = () => requireApproved(context.approved, cwd, () => bind(input));
      if (input.run_in_background === true) {
        return leaveRunning(host, input, context, spec, lastLook);
      }
      const timeoutMs = input.timeout_ms ?? DEFAULT_TIMEOUT_MS;
      return runCommand(host, input, context, { ...spec, timeoutMs }, lastLook);
    },
  };
}

/** The last look at what was approved, while the command is held. Throws `tools/approval_changed`. */
async function requireApproved(
  approved: ActionBinding | undefined,
  cwd: string,
  bind: () => Promise<ActionBinding>,
): Promise<void> {
  if (approved === undefined) return;
  if (cwd === approved.cwd && digestOfJson(await bind()) === digestOfJson(approved)) return;
  throw new KheishError(
    'tools/approval_changed',
    'The command was not run: what it acts on has changed since it was approved.',
  );
}

/** What the operator lets commands reach. Throws `tools/denied` for more, and where nothing holds them to it. */
async function confinement(
  host: ProcessHost,
  { network = false }: Input,
  { reach }: ToolContext,
): Promise<Pick<CommandSpec, 'network' | 'readOnly'>> {
  if (network && reach !== 'network_enabled') {
    throw new KheishError(
      'tools/denied',
      'Commands have no network here: the limit max_sandbox would have to be network_enabled.',
    );
  }
  const readOnly = reach === 'read_only';
  if (readOnly && (await host.sandbox()).kind === 'none') {
    throw new KheishError(
      'tools/denied',
      'Commands may write nothing here, and there is no sandbox that would hold them to it.',
    );
  }
  return { network, readOnly };
}

/** The command becomes a task of the session. */
async function leaveRunning(
  host: ProcessHost,
  { command, description, timeout_ms: timeoutMs }: Input,
  context: ToolContext,
  spec: CommandSpec,
  lastLook: () => Promise<void>,
): Promise<ToolResult> {
  const { task_id } = await context.background({
    command,
    ...(description !== undefined && { description }),
    hold: (sink) =>
      host.hold({
        ...spec,
        sink,
        // What it prints is read from the file.
        output: { headBytes: 0, tailBytes: 0 },
        ...(timeoutMs !== undefined && { timeoutMs }),
      }),
    lastLook,
  });
  return {
    content: `Task ${task_id} runs in the background. task_output reads what it prints, task_stop ends it.`,
  };
}

async function runCommand(
  host: ProcessHost,
  input: Input,
  context: ToolContext,
  spec: CommandSpec,
  lastLook: () => Promise<void>,
): Promise<ToolResult> {
  const { signal } = context;
  signal.throwIfAborted();
  const held = await host.hold(spec);
  try {
    signal.throwIfAborted();
    await context.begin(held.identity);
    await lastLook();
    signal.throwIfAborted();
  } catch (error) {
    await held.drop();
    throw error;
  }
  const running = held.release();
  const stop = () => void running.stop('cancel');
  signal.addEventListener('abort', stop);
  const report = await running.exit;
  signal.removeEventListener('abort', stop);
  if (report.stopped === 'cancel') {
    if (report.death === 'proven') throw signal.reason;
    throw new KheishError(
      'tools/death_unproven',
      'The command was stopped, and not all that it started could be proven dead.',
    );
  }
  const timeoutMs = input.timeout_ms ?? DEFAULT_TIMEOUT_MS;
  return {
    content: commandText(report, timeoutMs, await host.sandbox()),
    ...(report.death === 'unproven' && { death_unproven: true }),
  };
}

/** Where a command runs: absolute, without symbolic links. */
async function directory(options: WorkspaceToolOptions, path = '.'): Promise<string> {
  const { place, pinned } = await options.openWorkspace().find(path);
  using found = pinned;
  if (!found.stats.isDirectory()) throw unreadable(printable(path), 'is not a directory');
  return place;
}

function shell(): string {
  const program = findProgram('bash') ?? findProgram('sh');
  if (program === undefined) throw new KheishError('tools/failed', 'There is no shell.');
  return program;
}
