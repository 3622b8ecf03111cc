import type { SubmitInputRequest } from '@kheish/client-sdk';
import type { Command } from 'commander';
import { type GenerationFlags, addGenerationOptions, generationOf } from '../input/generation.ts';
import { readMetadata } from '../input/metadata.ts';
import { readSource } from '../input/text-source.ts';
import { onDaemon } from '../invocation.ts';
import {
  type WaitFlags,
  addWaitOptions,
  checkWaitFlags,
  outcomes,
  printRun,
} from '../run-outcome.ts';

interface InputFlags extends GenerationFlags, WaitFlags {
  readonly contentFile?: string;
  readonly stdin?: true;
  readonly provider?: string;
  readonly idempotencyKey?: string;
  readonly actorId?: string;
  readonly sourcePlugin?: string;
  readonly sourceKind?: string;
  readonly metadataJson?: string;
  readonly metadataFile?: string;
}

const example = `
Examples:
  kheish sessions input demo "Review route inventory" --wait --timeout-ms 60000
  git diff | kheish sessions input demo --stdin --model openrouter/openai/gpt-5.4-mini
${outcomes}`;

export function addSessionInput(sessions: Command): void {
  const input = sessions
    .command('input <session> [content]')
    .alias('send')
    .description('submit one input; the run is queued behind those before it')
    .option('--content-file <path>', 'the content from a file')
    .option('--stdin', 'the content from stdin')
    .option('--provider <route>', 'the route to use');
  addWaitOptions(addGenerationOptions(input))
    .option('--idempotency-key <key>', 'the same key submits once')
    .option('--actor-id <id>', 'on whose behalf')
    .option('--source-plugin <name>', 'where the input comes from')
    .option('--source-kind <name>', 'what kind of input it is')
    .option('--metadata-json <json>', 'a JSON object kept with the run')
    .option('--metadata-file <path>', 'the same from a file')
    .addHelpText('after', example)
    .action(
      onDaemon(async (invocation, id: string, content: string | undefined, flags: InputFlags) => {
        checkWaitFlags(flags);
        const body = await requestOf(content, flags);
        const { idempotencyKey } = flags;
        const run = await invocation.client.sessions.submit(id, body, { idempotencyKey });
        await printRun(invocation, run, flags);
      }),
    );
}

async function requestOf(
  content: string | undefined,
  flags: InputFlags,
): Promise<SubmitInputRequest> {
  const { contentFile, stdin, provider, actorId, sourcePlugin, sourceKind } = flags;
  const file =
    contentFile === undefined ? undefined : { flag: '--content-file', path: contentFile };
  const text = await readSource(
    { argument: content, file, stdin },
    'the content, --content-file and --stdin',
  );
  const generation = generationOf(flags);
  const metadata = readMetadata(flags.metadataJson, flags.metadataFile);
  return {
    content: text,
    ...(provider !== undefined && { provider }),
    ...(actorId !== undefined && { actor_id: actorId }),
    ...(sourcePlugin !== undefined && { source_plugin: sourcePlugin }),
    ...(sourceKind !== undefined && { source_kind: sourceKind }),
    ...(generation !== undefined && { generation }),
    ...(metadata !== undefined && { metadata: metadata as SubmitInputRequest['metadata'] }),
  };
}
