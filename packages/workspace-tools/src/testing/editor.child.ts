import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { JsonObject } from '@kheish/core-model';
import { createEditingTools } from '../create-workspace-tools.ts';
import { toolContext } from './tool-context.ts';

/** A line of standard input. */
export interface EditorRequest {
  readonly tool: string;
  readonly input: JsonObject;
  /** How often the content is repeated. */
  readonly times?: number;
  /** Kills itself when so many bytes of the new file are written, or when it has got its name. */
  readonly dieAt?: number | 'rename';
}

// Prints the answer or the problem of each call as JSON.
const [workspaceRoot = ''] = process.argv.slice(2);
let dieAt: EditorRequest['dieAt'];
const bytes = (count: number): Uint8Array => {
  watch(false);
  return randomBytes(count);
};
const tools = createEditingTools({ workspaceRoot, hidden: [], random: { bytes } });

/** Looks at the temporary file once a turn of the event loop. */
function watch(seen: boolean): void {
  if (dieAt === undefined) return;
  const mine = `.kheish-edit-${process.pid}-`;
  const name = readdirSync(workspaceRoot).find((entry) => entry.startsWith(mine));
  const size = name === undefined ? -1 : statSync(join(workspaceRoot, name)).size;
  const over = dieAt === 'rename' ? seen && name === undefined : size >= dieAt;
  if (over) process.kill(process.pid, 'SIGKILL');
  setImmediate(watch, name !== undefined);
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as EditorRequest;
  const input: JsonObject = { ...request.input };
  if (typeof input['content'] === 'string') {
    input['content'] = input['content'].repeat(request.times ?? 1);
  }
  dieAt = request.dieAt;
  const tool = tools.find(({ name }) => name === request.tool);
  let answer: string;
  try {
    if (tool === undefined) throw new Error(`no tool ${request.tool}`);
    answer = (await tool.run(tool.parse(input), toolContext())).content;
  } catch (thrown) {
    answer = String(thrown);
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
