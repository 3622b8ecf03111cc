import { KheishError } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText, encodeText } from '../text/file-text.ts';
import { editText } from './exact-edit.ts';

// Few letters, so that texts occur in each other, once, often and overlapping.
const piece = fc
  .array(fc.constantFrom('a', 'b', '\n', '\r\n', '\r', '$&', '🗻'), { maxLength: 8 })
  .map((letters) => letters.join(''));

function outcome(act: () => string): string {
  try {
    return act();
  } catch (thrown) {
    if (thrown instanceof KheishError) return thrown.code;
    throw thrown;
  }
}

/** What the edit means, said in the plainest way. */
function model(text: string, old: string, replacement: string, all: boolean): string {
  const lines = text.split('\n').slice(0, -1);
  const crlf = lines.length > 0 && lines.every((line) => line.endsWith('\r'));
  const ends = (part: string) => (crlf ? part.split(/\r?\n/).join('\r\n') : part);
  const [from, to] = [ends(old), ends(replacement)];
  const places = Array.from({ length: text.length }, (_, at) => at).filter((at) =>
    text.startsWith(from, at),
  );
  const fails = from === to || places.length === 0 || (!all && places.length > 1);
  if (fails) return 'tools/invalid_input';
  const at = text.indexOf(from);
  return all ? text.split(from).join(to) : text.slice(0, at) + to + text.slice(at + from.length);
}

describe('an exact edit', () => {
  test('does what the model says, for any text', () => {
    const seen = { refused: 0, done: 0 };
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        piece.filter((text) => text !== ''),
        piece,
        fc.boolean(),
        (pieces, old, replacement, replace_all) => {
          const text = pieces.join(old.slice(0, 3));
          const edit = { old_text: old, new_text: replacement, replace_all };
          const result = outcome(() => editText(text, edit, 1000).text);
          expect(result).toBe(model(text, old, replacement, replace_all));
          seen[result === 'tools/invalid_input' ? 'refused' : 'done'] += 1;
        },
      ),
      { numRuns: 3000 },
    );
    expect(Math.min(seen.done, seen.refused)).toBeGreaterThan(300);
  });

  test('the lines told are where the text begins', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('', 'x', 'yx'), { minLength: 1, maxLength: 15 }),
        (lines) => {
          const expected = lines.flatMap((line, index) => (line.includes('x') ? [index + 1] : []));
          fc.pre(expected.length > 1);
          const edit = { old_text: 'x', new_text: 'z' };
          expect(() => editText(lines.join('\n'), edit, 1000)).toThrow(
            `occurs ${expected.length} times, at lines ${expected.join(', ')};`,
          );
        },
      ),
    );
  });
});

test('a text that is decoded comes back byte for byte', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(`\ufeff${text}`, 'utf16le')),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(`\ufeff${text}`)),
  );
  let texts = 0;
  fc.assert(
    fc.property(bytes, (content) => {
      const text = decodeText(Buffer.from(content));
      if (text === undefined) return;
      texts += 1;
      expect(encodeText(text)).toEqual(Buffer.from(content));
    }),
    { numRuns: 1000 },
  );
  expect(texts).toBeGreaterThan(300);
});
