import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { notRun } from '@kheish/testkit';
import type { Sandbox } from '../harness/daemon-process.ts';
import { type Ended, runProgram } from '../harness/kheish-command.ts';

export const repository = resolve(import.meta.dirname, '../..');

/** The documents whose commands are run. */
export const documents: readonly string[] = [
  'README.md',
  ...globSync('docs/*.md', { cwd: repository }).toSorted(),
];

/** The ```sh blocks of a document, in order. */
export function shellBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

/** What a command of a document must not print. */
export const keys = {
  ANTHROPIC_API_KEY: 'sk-ant-canary-4242424242',
  OPENAI_API_KEY: 'sk-oai-canary-4242424242',
  OPENROUTER_API_KEY: 'sk-or-canary-4242424242',
} as const;

/** Commands that are tests of their own (`quickstart.test.ts`), or the very run that this is part of. */
const heldElsewhere = ['npm run quickstart', 'npm test'];
const portInDocuments = '4000';

export function readDocument(name: string): string {
  return readFileSync(join(repository, name), 'utf8');
}

/**
 * The blocks as one script for bash: as written, but for the port, which becomes a free one, and for the commands
 * that are held elsewhere. Nothing else is changed.
 */
export function scriptOf(blocks: readonly string[], port: number): string {
  return blocks
    .join('\n')
    .split('\n')
    .filter((line) => !heldElsewhere.includes(line.trim()))
    .join('\n')
    .replaceAll(`127.0.0.1:${portInDocuments}`, `127.0.0.1:${port}`);
}

/** A directory that looks like the repository and takes all that the commands write. */
export function standIn(box: Sandbox): string {
  const directory = join(box.directory, 'kheish');
  mkdirSync(directory);
  for (const name of ['bin', 'routes.default.toml', 'README.md']) {
    symlinkSync(join(repository, name), join(directory, basename(name)));
  }
  return directory;
}

/** Reports the test as not run where the machine lacks a program; `.ci/run` installs them. */
export function requireProgram(name: string): void {
  if (spawnSync(name, ['--version']).error !== undefined) notRun(`there is no ${name}`);
}

/** Runs a script in one bash that stops at the first failure; what it started in the background ends with it. */
export async function runScript(
  script: string,
  where: { readonly box: Sandbox; readonly directory: string; readonly port: number },
): Promise<Ended> {
  const { box, directory, port } = where;
  requireProgram('curl');
  const guarded = `trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n${script}`;
  return runProgram('bash', ['-eu', '-o', 'pipefail', '-c', guarded], {
    cwd: directory,
    // The commands that speak to the daemon find it at its usual address; here that is another port.
    env: { ...keys, HOME: box.directory, KHEISH_DAEMON_URL: `http://127.0.0.1:${port}` },
  });
}

/** The JSON documents that stand one after the other in what commands printed. */
export function jsonValues(text: string): unknown[] {
  const starts = [...text.matchAll(/^[[{]/gm)].map(({ index }) => index);
  const ends = [...text.matchAll(/^[\]}]$/gm)].map(({ index }) => index + 1);
  return starts.flatMap((start) => {
    const end = ends.find((place) => place > start);
    return end === undefined ? [] : [JSON.parse(text.slice(start, end)) as unknown];
  });
}
