import type { SystemPromptSettings } from '@kheish/client-sdk';
import { type Command, Option } from 'commander';
import { UsageError } from '../failure.ts';
import { type ChangeFlags, addChangeOption } from '../input/settings-document.ts';
import { readSource } from '../input/text-source.ts';
import { type Invocation, onDaemon } from '../invocation.ts';

const example = `
custom stands in the place of the built-in prompt, append after the prompt, override in the place of all of it, a
session's own prompt included; default takes all three away. What is not named stays as it is.

Examples:
  kheish runtime set-system-prompt "Answer in one sentence." --mode append
  kheish runtime set-system-prompt --language German --clear-output-style
  kheish runtime set-system-prompt --reset
`;

const texts = {
  custom: 'custom_prompt',
  append: 'append_prompt',
  override: 'override_prompt',
} as const;

interface PromptFlags extends ChangeFlags {
  readonly mode?: 'default' | keyof typeof texts;
  readonly contentFile?: string;
  readonly stdin?: true;
  readonly language?: string;
  readonly outputStyle?: string;
  readonly clearText?: true;
  readonly clearLanguage?: true;
  readonly clearOutputStyle?: true;
  readonly reset?: true;
}

export function addSystemPrompt(runtime: Command): void {
  const command = runtime
    .command('set-system-prompt [content]')
    .description('what agents are told before a session begins')
    .addOption(
      new Option('--mode <mode>', 'what the content is; custom unless given').choices([
        'default',
        ...Object.keys(texts),
      ]),
    )
    .option('--content-file <path>', 'the content from a file')
    .option('--stdin', 'the content from stdin')
    .option('--language <language>', 'the language to answer in')
    .option('--output-style <text>', 'how to answer')
    .option('--clear-text', 'take away the text of --mode, or all three')
    .option('--clear-language', 'take away the language')
    .option('--clear-output-style', 'take away the style')
    .option('--reset', 'take away everything')
    .addHelpText('after', example);
  addChangeOption(command).action(onDaemon(setSystemPrompt));
}

async function setSystemPrompt(
  { client, print }: Invocation,
  content: string | undefined,
  flags: PromptFlags,
): Promise<void> {
  const change = await changeOf(content, flags);
  const { expectedRevision } = flags;
  if (change === 'reset') {
    return print.view(await client.runtime.setSystemPrompt({}, { expectedRevision }));
  }
  const current = await client.runtime.get();
  const merged = Object.entries({ ...current.system_prompt, ...change });
  const settings = Object.fromEntries(merged.filter(([, value]) => value !== undefined));
  return print.view(
    await client.runtime.setSystemPrompt(settings, {
      expectedRevision: expectedRevision ?? current.config.revision,
    }),
  );
}

/** The settings that are named, undefined where one is to go. */
async function changeOf(
  content: string | undefined,
  flags: PromptFlags,
): Promise<'reset' | { [K in keyof SystemPromptSettings]: string | undefined }> {
  const { language, outputStyle, clearLanguage, clearOutputStyle, reset } = flags;
  if (language !== undefined && clearLanguage === true) {
    throw new UsageError('give either --language or --clear-language');
  }
  if (outputStyle !== undefined && clearOutputStyle === true) {
    throw new UsageError('give either --output-style or --clear-output-style');
  }
  const change = {
    ...(await textsOf(content, flags)),
    ...((language ?? clearLanguage) !== undefined && { language }),
    ...((outputStyle ?? clearOutputStyle) !== undefined && { output_style: outputStyle }),
  };
  const isEmpty = Object.keys(change).length === 0;
  if (reset === true && !isEmpty) throw new UsageError('--reset goes with nothing else');
  if (reset !== true && isEmpty) throw new UsageError('give a content, or something to change');
  return reset === true ? 'reset' : change;
}

async function textsOf(content: string | undefined, flags: PromptFlags) {
  const { mode, contentFile, stdin, clearText } = flags;
  const given = (content ?? contentFile ?? stdin) !== undefined;
  const clears = clearText === true || mode === 'default';
  if (given && clears) {
    throw new UsageError('a content goes neither with --clear-text nor with --mode default');
  }
  if (clears) {
    const gone = mode === undefined || mode === 'default' ? Object.values(texts) : [texts[mode]];
    return Object.fromEntries(gone.map((name) => [name, undefined]));
  }
  if (!given) {
    if (mode !== undefined) throw new UsageError(`--mode ${mode} needs a content, or --clear-text`);
    return {};
  }
  const file =
    contentFile === undefined ? undefined : { flag: '--content-file', path: contentFile };
  const choices = 'the content, --content-file and --stdin';
  const text = await readSource({ argument: content, file, stdin }, choices);
  if (text.trim() === '') {
    throw new UsageError('the content is blank; --clear-text takes a text away');
  }
  return { [texts[mode ?? 'custom']]: text };
}
