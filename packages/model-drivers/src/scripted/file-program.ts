import type { PromptTool } from '@kheish/core-model';
import type { Task, ToolOutcome } from './conversation.ts';
import { reportFile } from './file-report.ts';
import { excerpt } from './outcome-report.ts';
import { type ScriptedCall, type ScriptedTurn, answerTurn, callTurn } from './scripted-turn.ts';

const MAX_FILES = 3;
const FILE_WORD = /(?<![\w/:.@-])[\w-][\w./-]*\.[A-Za-z]\w{0,9}(?![\w/])/g;

/** The words of a text that look like names of files, in order, each once. */
export function fileWords(text: string): string[] {
  const words = [...text.matchAll(FILE_WORD)].map(([word]) => word);
  // "e.g." and "i.e." are no files.
  return [...new Set(words)].filter((word) => word.length > 3).slice(0, MAX_FILES);
}

/**
 * Finds the files that the task names, reads them and reports what they say: one turn for each stage, all
 * files at once. `undefined` where no file is named or none can be read.
 */
export function fileTurn(task: Task, tools: readonly PromptTool[]): ScriptedTurn | undefined {
  const offered = new Set(tools.map(({ name }) => name));
  const files = fileWords(task.text);
  if (files.length === 0 || !offered.has('read_file')) return undefined;

  const searches = files.map((file) => searchFor(file, offered));
  const missing = searches.filter(
    (search) => search !== undefined && outcomeOf(task, search) === undefined,
  );
  if (missing.length > 0) return callTurn(unique(missing));

  const reads = files.map((file, index) => {
    const search = searches[index];
    const found = search === undefined ? undefined : outcomeOf(task, search);
    return call('read_file', { path: pathOf(file, found) });
  });
  const unread = reads.filter((read) => outcomeOf(task, read) === undefined);
  if (unread.length > 0) return callTurn(unique(unread));

  const reports = reads.map((read, index) => report(files[index] ?? '', outcomeOf(task, read)));
  return answerTurn(reports.join(''));
}

function searchFor(file: string, offered: ReadonlySet<string>): ScriptedCall | undefined {
  if (offered.has('glob_search')) return call('glob_search', { pattern: `**/${file}` });
  return offered.has('list_files') ? call('list_files', {}) : undefined;
}

function call(tool: string, input: Record<string, string>): ScriptedCall {
  return { tool, args: JSON.stringify(input) };
}

function unique(calls: readonly (ScriptedCall | undefined)[]): ScriptedCall[] {
  const byArgs = new Map(calls.flatMap((one) => (one ? [[one.args, one] as const] : [])));
  return [...byArgs.values()];
}

function outcomeOf(task: Task, asked: ScriptedCall): ToolOutcome | undefined {
  return task.outcomes.find(
    ({ tool, input }) => tool === asked.tool && JSON.stringify(input) === asked.args,
  );
}

/** The shortest path found that ends in the file's name; the name itself where none was. */
function pathOf(file: string, found: ToolOutcome | undefined): string {
  if (found === undefined || found.isError) return file;
  const paths = found.content
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line === file || line.endsWith(`/${file}`));
  return paths.toSorted((one, other) => one.length - other.length)[0] ?? file;
}

function report(file: string, outcome: ToolOutcome | undefined): string {
  if (outcome === undefined) return '';
  if (outcome.isError) return `I could not read ${file}: ${excerpt(outcome.content)}\n`;
  const { path } = outcome.input;
  return reportFile(typeof path === 'string' ? path : file, outcome.content);
}
