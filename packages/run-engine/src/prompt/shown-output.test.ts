import { SHOWN_OUTPUT_BYTES } from '@kheish/core-model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownOutput } from './shown-output.ts';

const place = () => ({ index: 7, digest: 'sha256:0' });

test('an output is shown in full up to the limit, and not a byte further', () => {
  const longest = 'é'.repeat(SHOWN_OUTPUT_BYTES / 2);
  expect(shownOutput(longest, place)).toBe(longest);
  expect(shownOutput(`${longest}.`, place)).toContain('bytes are not shown here');
});

test('the note says what is missing, and where it stands', () => {
  const shown = shownOutput(
    `${'a'.repeat(24_000)}${'b'.repeat(10_000)}${'c'.repeat(8_000)}`,
    place,
  );
  expect(shown).toBe(
    `${'a'.repeat(24_000)}\n[10000 of 42000 bytes are not shown here (sha256:0). ` +
      `read_output {"message":7,"offset":24000} reads on.]\n${'c'.repeat(8_000)}`,
  );
});

test('no character is cut in half, and no byte is counted twice', () => {
  const character = fc.constantFrom('a', 'é', '€', '😀', '\uFFFD');
  const texts = fc
    .tuple(
      fc.string({ unit: character, maxLength: 8 }),
      fc.string({ unit: character, minLength: 1 }),
    )
    .map(([start, unit]) => start + unit.repeat(Math.ceil(33_000 / Buffer.byteLength(unit))));
  fc.assert(
    fc.property(texts, (text) => {
      const [, head = '', left = '', all = '', offset = '', tail = ''] =
        /^(.*)\n\[(\d+) of (\d+) bytes .*"offset":(\d+)\} reads on\.\]\n(.*)$/s.exec(
          shownOutput(text, place),
        ) ?? [];
      const bytes = Buffer.from(text);
      expect(Number(all)).toBe(bytes.length);
      const hidden = bytes.subarray(Number(offset), Number(offset) + Number(left));
      expect(Buffer.concat([Buffer.from(head), hidden, Buffer.from(tail)]).equals(bytes)).toBe(
        true,
      );
    }),
    { numRuns: 30 },
  );
});
