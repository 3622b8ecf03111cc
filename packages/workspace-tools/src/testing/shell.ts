import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ActionBinding,
  Clock,
  ProcessIdentity,
  SandboxReach,
  ToolContext,
  ToolResult,
} from '@kheish/core-model';
import { type ProcessHost, createProcessHost } from '@kheish/process-host';
import { notRun } from '@kheish/testkit';
import { createShellTools } from '../create-workspace-tools.ts';
import { TemporaryWorkspace } from './temporary-workspace.ts';

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

export interface Circumstances {
  readonly signal?: AbortSignal;
  readonly approved?: ActionBinding;
  readonly reach?: SandboxReach;
  readonly begin?: (process?: ProcessIdentity) => Promise<void>;
  readonly background?: ToolContext['background'];
}

/** The bash tool over a workspace of its own, with `work/hidden` hidden. */
export class Shell implements AsyncDisposable {
  readonly workspace: TemporaryWorkspace;
  readonly host: ProcessHost;
  readonly tool: ReturnType<typeof createShellTools>[number];

  private constructor(workspace: TemporaryWorkspace, sandbox: 'auto' | 'off') {
    this.workspace = workspace;
    const { root: workspaceRoot, hidden, limits } = workspace;
    const path = '/usr/bin:/bin';
    this.host = createProcessHost({ clock, workspaceRoot, hidden, path, sandbox });
    const [tool] = createShellTools({
      workspaceRoot,
      hidden,
      limits,
      host: this.host,
      networkAllowed: true,
    });
    if (tool === undefined) throw new Error('no tool');
    this.tool = tool;
  }

  static async open(sandbox: 'auto' | 'off', files: Record<string, string> = {}): Promise<Shell> {
    const workspace = await TemporaryWorkspace.create(files);
    workspace.hidden = [`${await realpath(workspace.root)}/hidden`];
    workspace.limits = { maxOutputBytes: 4096 };
    const shell = new Shell(workspace, sandbox);
    const report = await shell.host.sandbox();
    if (sandbox === 'auto' && report.kind === 'none') {
      await shell[Symbol.asyncDispose]();
      notRun(`there is no sandbox here: ${report.reason}`);
    }
    return shell;
  }

  async call(input: object, circumstances: Circumstances = {}): Promise<ToolResult> {
    const {
      signal = new AbortController().signal,
      reach = 'network_enabled',
      begin = () => Promise.resolve(),
      approved,
      background = () => Promise.reject(new Error('there are no tasks here')),
    } = circumstances;
    const ids = { session_id: 's', run_id: 'run_1', action_id: 'act_1' };
    return this.tool.run(this.tool.parse({ ...input }), {
      ...ids,
      signal,
      reach,
      begin,
      background,
      ...(approved !== undefined && { approved }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close();
    await this.workspace[Symbol.asyncDispose]();
  }
}
