import type {
  Content,
  FunctionDeclaration,
  Part,
  ThinkingConfig,
  ThinkingLevel,
} from '@google/genai';
import type { ModelRequest, PromptMessage, PromptPart } from '@kheish/core-model';
import { isOwnAnswer } from '../own-answer.ts';
import { GOOGLE } from './google-name.ts';
import { googleSchema } from './google-schema.ts';
import { type ThoughtSignature, signatureOf } from './thought-signature.ts';

/** The body of `streamGenerateContent`. */
export interface GoogleRequest {
  readonly contents: readonly Content[];
  readonly systemInstruction?: Content;
  readonly tools?: readonly { readonly functionDeclarations: readonly FunctionDeclaration[] }[];
  readonly generationConfig?: {
    maxOutputTokens?: number;
    temperature?: number;
    thinkingConfig?: Thinking;
  };
}

type Thinking = Omit<ThinkingConfig, 'thinkingLevel'> & { thinkingLevel?: `${ThinkingLevel}` };

export function googleRequest(request: ModelRequest): GoogleRequest {
  const { model, system, messages, tools, generation } = request;
  const { max_output_tokens, temperature, reasoning } = generation;
  const config = {
    ...(max_output_tokens !== undefined && { maxOutputTokens: max_output_tokens }),
    ...(temperature !== undefined && { temperature }),
    ...(reasoning?.effort !== undefined && { thinkingConfig: thinking(model, reasoning.effort) }),
  };
  return {
    contents: conversation(messages, model),
    ...(system !== '' && { systemInstruction: { parts: [{ text: system }] } }),
    ...(tools.length > 0 && {
      tools: [
        {
          functionDeclarations: tools.map(({ name, description, inputSchema }) => ({
            name,
            description,
            parametersJsonSchema: googleSchema(inputSchema),
          })),
        },
      ],
    }),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
  };
}

/** Models of these generations are given a budget, later ones a level. */
const BUDGETED = /gemini-[12](?:\D|$)/;

type Effort = NonNullable<NonNullable<ModelRequest['generation']['reasoning']>['effort']>;

const budgets = { minimal: 512, low: 4096, medium: 8192, high: 16_384, xhigh: 24_576 } as const;
const levels = {
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
} as const;

function thinking(model: string, effort: Effort): Thinking {
  const pro = /-pro\b/.test(model);
  if (BUDGETED.test(model)) {
    // The larger models cannot do without: this is the least that they take.
    if (effort === 'none') return { thinkingBudget: pro ? 128 : 0 };
    return { includeThoughts: true, thinkingBudget: budgets[effort] };
  }
  const least = pro ? 'LOW' : 'MINIMAL';
  if (effort === 'none') return { thinkingLevel: least };
  const level = effort === 'minimal' ? least : levels[effort];
  return { includeThoughts: true, thinkingLevel: level };
}

/** The answers to calls made together are one message, as the protocol wants them. */
function conversation(messages: readonly PromptMessage[], model: string): Content[] {
  const contents: (Content & { parts: Part[] })[] = [];
  let answers: Part[] | undefined;
  for (const message of messages) {
    if (message.role === 'tool') {
      if (answers === undefined) contents.push({ role: 'user', parts: (answers = []) });
      answers.push(functionResponse(message));
      continue;
    }
    answers = undefined;
    const content = contentOf(message, model);
    if (content.parts.length > 0) contents.push(content);
  }
  return contents;
}

function contentOf(message: Exclude<PromptMessage, { role: 'tool' }>, model: string) {
  if (message.role === 'user') return { role: 'user', parts: [{ text: message.content }] };
  const parts = modelParts(message.parts, isOwnAnswer(message, GOOGLE, model));
  return { role: 'model', parts: SIGNED.test(model) ? withCallsSigned(parts) : parts };
}

function functionResponse(message: Extract<PromptMessage, { role: 'tool' }>): Part {
  const { tool_call_id: id, tool_name: name, content, is_error } = message;
  return { functionResponse: { id, name, response: { [is_error ? 'error' : 'output']: content } } };
}

function modelParts(parts: readonly PromptPart[], own: boolean): Part[] {
  const sent: Part[] = [];
  let pending: ThoughtSignature | undefined;
  for (const part of parts) {
    if (part.type === 'reasoning') {
      const signature = own ? signatureOf(part.opaque) : undefined;
      if (signature === undefined) continue;
      if (signature.on === 'call' || signature.on === 'text') pending = signature;
      else sent.push(signedPart(signature, part.text ?? ''));
      continue;
    }
    sent.push(
      ...(part.type === 'text' ? textParts(part.text, pending) : [callPart(part, pending)]),
    );
    pending = undefined;
  }
  return sent;
}

function signedPart(signature: ThoughtSignature, text: string): Part {
  const { thought_signature: thoughtSignature, on } = signature;
  return { text, ...(on === 'thought' && { thought: true }), thoughtSignature };
}

/** A text that was signed from somewhere on is sent in two, as it came. */
function textParts(text: string, signature: ThoughtSignature | undefined): Part[] {
  if (signature?.on !== 'text') return text === '' ? [] : [{ text }];
  const before = text.slice(0, signature.at);
  const signed = signedPart(signature, text.slice(signature.at));
  return before === '' ? [signed] : [{ text: before }, signed];
}

function callPart(
  part: Extract<PromptPart, { type: 'tool_call' }>,
  signature: ThoughtSignature | undefined,
): Part {
  const { tool_call_id: id, tool_name: name, input = {} } = part;
  const call: Part = { functionCall: { id, name, args: input } };
  return signature === undefined
    ? call
    : { ...call, thoughtSignature: signature.thought_signature };
}

/** Models that refuse a call without its signature. */
const SIGNED = /gemini-(?![12](?:\D|$))/;

/** The protocol's own word for a call that another model made, whose first one would need a signature. */
const UNSIGNED = 'skip_thought_signature_validator';

function withCallsSigned(parts: Part[]): Part[] {
  const first = parts.find((part) => part.functionCall !== undefined);
  if (first !== undefined) first.thoughtSignature ??= UNSIGNED;
  return parts;
}
