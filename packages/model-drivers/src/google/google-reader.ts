import type { Candidate, GenerateContentResponseUsageMetadata } from '@google/genai';
import { KheishError, type StopReason, type Usage } from '@kheish/core-model';
import { type Emit, type Failed, type FrameReader, frameJson } from '../http/event-stream.ts';
import { faultOf } from '../http/provider-error.ts';
import { GOOGLE } from './google-name.ts';
import { partReader } from './google-parts.ts';

interface Frame {
  readonly candidates?: readonly Candidate[];
  readonly promptFeedback?: { readonly blockReason?: string };
  readonly usageMetadata?: GenerateContentResponseUsageMetadata;
  readonly error?: unknown;
}

/** Reads the stream of `streamGenerateContent`. `callId` makes up an id where the model gives none. */
export function googleReader(
  emit: Emit,
  failed: Failed,
  callId: (index: number) => string,
): FrameReader {
  const parts = partReader(emit, callId);
  let finish: string | undefined;
  let usage: Usage | undefined;

  function read(data: string): void {
    const frame = frameJson(data) as Frame;
    if (frame.error !== undefined && frame.error !== null) throw failed(faultOf(frame));
    const { candidates, promptFeedback, usageMetadata } = frame;
    if (usageMetadata !== undefined) usage = usageOf(usageMetadata);
    if (promptFeedback?.blockReason !== undefined) throw blocked(promptFeedback.blockReason);
    if (!Array.isArray(candidates) && usageMetadata === undefined) {
      throw new KheishError('models/malformed_response', 'A frame of the stream says nothing.');
    }
    const candidate = candidates?.[0];
    for (const part of candidate?.content?.parts ?? []) parts.readPart(part);
    if (candidate?.finishReason === undefined) return;
    finish = candidate.finishReason;
    if (brokenAnswers.has(finish)) throw brokenAnswer(finish);
  }

  /** No frame says that it is the last one. */
  function end(): void {
    if (finish === undefined) return;
    parts.close();
    const stop = stopReasonOf(finish, parts.calls() > 0);
    emit({ type: 'done', stop_reason: stop, ...(usage !== undefined && { usage }) });
  }

  return { read, end };
}

const refusals: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
]);

/** The model did not come to an answer that can be used; asked again it often does. */
const brokenAnswers: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MALFORMED_RESPONSE',
]);

function stopReasonOf(finish: string, called: boolean): StopReason {
  if (finish === 'MAX_TOKENS') return 'max_output_tokens';
  if (refusals.has(finish)) return 'refusal';
  return called ? 'tool_calls' : 'end';
}

function brokenAnswer(finish: string): KheishError {
  return new KheishError('models/malformed_response', `${GOOGLE} ended its answer: ${finish}.`);
}

function blocked(reason: string): KheishError {
  return new KheishError('models/refused', `${GOOGLE} blocked the prompt: ${reason}.`);
}

/** The protocol counts thoughts apart from the answer; ours counts them in. */
function usageOf(counts: GenerateContentResponseUsageMetadata): Usage {
  const cached = counts.cachedContentTokenCount ?? 0;
  const reasoning = counts.thoughtsTokenCount ?? 0;
  return {
    input_tokens: (counts.promptTokenCount ?? 0) + (counts.toolUsePromptTokenCount ?? 0),
    output_tokens: (counts.candidatesTokenCount ?? 0) + reasoning,
    ...(cached > 0 && { cached_input_tokens: cached }),
    ...(reasoning > 0 && { reasoning_tokens: reasoning }),
  };
}
