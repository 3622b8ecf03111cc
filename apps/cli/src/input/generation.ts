import type { SubmitInputRequest } from '@kheish/client-sdk';
import { type Command, Option } from 'commander';
import { decimal, integer } from '../invocation.ts';

type Generation = NonNullable<SubmitInputRequest['generation']>;
type Effort = NonNullable<NonNullable<Generation['reasoning']>['effort']>;

export interface GenerationFlags {
  readonly model?: string;
  readonly fallbackModel?: string;
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  readonly reasoningEffort?: Effort;
}

const efforts: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];

export function addGenerationOptions(command: Command): Command {
  return command
    .option('--model <model>', 'a model of the route, or route/model')
    .option('--fallback-model <model>', 'another of the route, for when the first cannot be had')
    .option('--temperature <n>', '0 to 2', decimal)
    .option('--max-output-tokens <n>', 'limit of one model call', integer(1))
    .addOption(
      new Option('--reasoning-effort <effort>', 'how much the model thinks').choices(efforts),
    );
}

/** Undefined where no flag was given. */
export function generationOf(flags: GenerationFlags): Generation | undefined {
  const { model, fallbackModel, temperature, maxOutputTokens, reasoningEffort } = flags;
  const generation: Generation = {
    ...(model !== undefined && { model }),
    ...(fallbackModel !== undefined && { fallback_model: fallbackModel }),
    ...(temperature !== undefined && { temperature }),
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
    ...(reasoningEffort !== undefined && { reasoning: { effort: reasoningEffort } }),
  };
  return Object.keys(generation).length === 0 ? undefined : generation;
}
