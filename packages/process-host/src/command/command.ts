import type { OutputBounds } from '../output/drain.ts';
import type { SinkSpec } from '../output/file-sink.ts';

/** A command as it is asked for. Its standard input is empty; both its outputs are one stream. */
export interface CommandSpec {
  readonly argv: readonly [string, ...string[]];
  /** Absolute. */
  readonly cwd: string;
  /** Names the action. Every process of the command is started with it, and is found by it after a crash. */
  readonly mark: string;
  /** Stopped with reason `timeout` when so much time has passed since the release. */
  readonly timeoutMs?: number;
  /** Whether a sandboxed command has the host's network. Default false. */
  readonly network?: boolean;
  /** Whether a sandboxed command cannot write to the workspace either. Default false. */
  readonly readOnly?: boolean;
  /** Variables beside the few that every command gets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What is kept of the output in memory. Default 32768 bytes of each end. */
  readonly output?: OutputBounds;
  /** Where the newest output is kept on disk as well. */
  readonly sink?: SinkSpec;
}
