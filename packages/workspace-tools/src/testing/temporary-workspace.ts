import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { KheishError, type RandomSource, type Tool } from '@kheish/core-model';
import { createEditingTools, createWorkspaceTools } from '../create-workspace-tools.ts';
import type { WorkspaceLimits } from '../workspace-limits.ts';
import { toolContext } from './tool-context.ts';

/** A workspace in a directory of its own, with room beside it for what is outside. */
export class TemporaryWorkspace implements AsyncDisposable {
  readonly base: string;
  readonly root: string;
  hidden: string[] = [];
  limits: Partial<WorkspaceLimits> = {};
  random: RandomSource = { bytes: randomBytes };

  private constructor(base: string) {
    this.base = base;
    this.root = join(base, 'work');
  }

  static async create(
    files: Record<string, string | Uint8Array> = {},
  ): Promise<TemporaryWorkspace> {
    const base = await realpath(await mkdtemp(join(tmpdir(), 'workspace-tools-')));
    const workspace = new TemporaryWorkspace(base);
    await mkdir(workspace.root);
    for (const [path, content] of Object.entries(files)) await workspace.write(path, content);
    return workspace;
  }

  at(path: string): string {
    return join(this.root, path);
  }

  async write(path: string, content: string | Uint8Array = ''): Promise<void> {
    await mkdir(dirname(this.at(path)), { recursive: true });
    await writeFile(this.at(path), content);
  }

  read(path: string): Promise<string> {
    return readFile(this.at(path), 'utf8');
  }

  makeFifo(path: string): void {
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', this.at(path)]);
  }

  tools(): Tool[] {
    const { root, hidden, limits } = this;
    const config = { workspaceRoot: root, hidden, limits };
    return [...createWorkspaceTools(config), ...this.editing()];
  }

  editing(): Tool[] {
    const { root, hidden, limits, random } = this;
    return createEditingTools({ workspaceRoot: root, hidden, limits, random });
  }

  async call(name: string, input: object, signal?: AbortSignal): Promise<string> {
    const tool = this.tools().find((candidate) => candidate.name === name);
    if (tool === undefined) throw new Error(`no tool ${name}`);
    const result = await tool.run(tool.parse({ ...input }), toolContext(signal));
    return result.content;
  }

  async bind(name: string, input: object): Promise<unknown> {
    const tool = this.tools().find((candidate) => candidate.name === name);
    if (tool?.bind === undefined) throw new Error(`nothing binds ${name}`);
    return tool.bind(tool.parse({ ...input }));
  }

  /** `code: text` of the problem that a call ends with. */
  async problem(name: string, input: object): Promise<string> {
    try {
      return `no problem: ${await this.call(name, input)}`;
    } catch (thrown) {
      if (thrown instanceof KheishError) return `${thrown.code}: ${thrown.message}`;
      throw thrown;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.base, { recursive: true });
  }
}
