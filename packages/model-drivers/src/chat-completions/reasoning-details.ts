import { type Json, type JsonObject, isJsonObject } from '@kheish/core-model';

const STREAMED = ['text', 'summary', 'data'] as const;

/** Puts the pieces of OpenRouter's `reasoning_details` together: one entry for each run of one block. */
export function addReasoningDetails(details: JsonObject[], pieces: readonly Json[]): void {
  for (const piece of pieces) {
    if (!isJsonObject(piece)) continue;
    const last = details.at(-1);
    if (last !== undefined && last['type'] === piece['type'] && last['index'] === piece['index']) {
      extend(last, piece);
    } else {
      details.push({ ...piece });
    }
  }
}

function extend(entry: JsonObject, piece: JsonObject): void {
  const grown = STREAMED.flatMap((name) => {
    const [before, more] = [entry[name], piece[name]];
    return typeof before === 'string' && typeof more === 'string' ? [[name, before + more]] : [];
  });
  const said = Object.entries(piece).filter(([, value]) => value !== null);
  Object.assign(entry, Object.fromEntries(said), Object.fromEntries(grown));
}
