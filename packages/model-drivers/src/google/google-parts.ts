import type { FunctionCall, Part } from '@google/genai';
import { KheishError } from '@kheish/core-model';
import type { Emit } from '../http/event-stream.ts';
import { toolCallPart } from '../http/tool-arguments.ts';
import { GOOGLE } from './google-name.ts';
import { signaturePart } from './thought-signature.ts';

export interface PartReader {
  readPart(part: Part): void;
  /** Nothing more of the answer comes. */
  close(): void;
  /** Tool calls so far. */
  calls(): number;
}

/** Puts the pieces of an answer together: one text and one thought for each run of them. */
export function partReader(emit: Emit, callId: (index: number) => string): PartReader {
  let text = '';
  let thought = '';
  let calls = 0;

  function closeThought(): void {
    if (thought !== '') emit({ type: 'part', part: { type: 'reasoning', text: thought } });
    thought = '';
  }

  function closeText(): void {
    if (text !== '') emit({ type: 'part', part: { type: 'text', text } });
    text = '';
  }

  function readThought({ text: said = '', thoughtSignature }: Part): void {
    closeText();
    thought += said;
    if (said !== '') emit({ type: 'reasoning_delta', text: said });
    if (thoughtSignature === undefined) return;
    const signature = { thought_signature: thoughtSignature, on: 'thought' } as const;
    emit({ type: 'part', part: signaturePart(signature, thought) });
    thought = '';
  }

  function readText({ text: said = '', thoughtSignature }: Part): void {
    if (said !== '') closeThought();
    const at = text.length;
    text += said;
    if (said !== '') emit({ type: 'text_delta', text: said });
    if (thoughtSignature === undefined) return;
    closeThought();
    const place = text === '' ? ({ on: 'nothing' } as const) : ({ on: 'text', at } as const);
    const signature = { thought_signature: thoughtSignature, ...place };
    emit({ type: 'part', part: signaturePart(signature) });
    closeText();
  }

  function readCall(call: FunctionCall, thoughtSignature: string | undefined): void {
    closeThought();
    closeText();
    if (thoughtSignature !== undefined) {
      const signature = { thought_signature: thoughtSignature, on: 'call' } as const;
      emit({ type: 'part', part: signaturePart(signature) });
    }
    const { id = callId(calls), name, args } = call;
    if (name === undefined) {
      throw new KheishError('models/malformed_response', 'A function call has no name.');
    }
    calls += 1;
    const input = args === undefined ? '' : JSON.stringify(args);
    emit({ type: 'part', part: toolCallPart(id, name, input) });
  }

  function readPart(part: Part): void {
    if (part.functionCall !== undefined) readCall(part.functionCall, part.thoughtSignature);
    else if (part.thought === true) readThought(part);
    else if (part.inlineData !== undefined || part.fileData !== undefined) throw notText();
    else if (part.text !== undefined || part.thoughtSignature !== undefined) readText(part);
  }

  function close(): void {
    closeThought();
    closeText();
  }

  return { readPart, close, calls: () => calls };
}

function notText(): KheishError {
  return new KheishError('models/malformed_response', `${GOOGLE} answered with more than text.`);
}
