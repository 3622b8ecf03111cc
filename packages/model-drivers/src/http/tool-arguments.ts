import { type PromptPart, isJsonObject } from '@kheish/core-model';

/** A tool call as the model made it; arguments that are not a JSON object stay as they came. */
export function toolCallPart(id: string, name: string, args: string): PromptPart {
  const call = { type: 'tool_call', tool_call_id: id, tool_name: name } as const;
  // A tool without parameters is often called with no arguments at all.
  if (args.trim() === '') return { ...call, input: {} };
  try {
    const input: unknown = JSON.parse(args);
    if (isJsonObject(input)) return { ...call, input };
  } catch {
    // Kept below.
  }
  return { ...call, raw_input: args };
}

/** The arguments sent back with the transcript. Providers refuse a transcript with broken ones. */
export function replayedArguments(part: Extract<PromptPart, { type: 'tool_call' }>): string {
  return JSON.stringify(part.input ?? {});
}
