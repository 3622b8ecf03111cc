import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyHunks } from './apply-hunks.ts';
import { parsePatch } from './parse-patch.ts';

/** Applies a patch of one file. */
function apply(text: string, patch: string): string {
  const [file] = parsePatch(patch);
  if (file?.kind !== 'update') throw new Error('one update');
  return applyHunks(file.path, text, file.hunks);
}

function marked(...lines: string[]): string {
  return ['*** Begin Patch', '*** Update File: f', ...lines, '*** End Patch'].join('\n');
}

const line = fc.constantFrom('', 'a', 'b', 'c', '  a', '-- a', '++ b', '@@', '*** End Patch', '🗻');

interface Edit {
  readonly keep: readonly string[];
  readonly remove: readonly string[];
  readonly add: readonly string[];
}
const edits = fc.array(
  fc.record({
    keep: fc.array(line, { maxLength: 6 }),
    remove: fc.array(line, { maxLength: 3 }),
    add: fc.array(line, { maxLength: 3 }),
  }),
  { maxLength: 6 },
);

function textOf(lines: readonly string[], end: string): string {
  return lines.length === 0 ? '' : lines.join('\n') + end;
}

describe('a round trip', () => {
  test('whole files as context: the patch gives the target, whatever the lines', () => {
    fc.assert(
      fc.property(edits, fc.constantFrom('', '\n'), fc.boolean(), (made, end, crlf) => {
        const old = made.flatMap(({ keep, remove }) => [...keep, ...remove]);
        const target = made.flatMap(({ keep, add }) => [...keep, ...add]);
        fc.pre(old.length > 0 && target.length > 0);
        const body = made.flatMap(({ keep, remove, add }: Edit) => [
          ...keep.map((text) => ` ${text}`),
          ...remove.map((text) => `-${text}`),
          ...add.map((text) => `+${text}`),
        ]);
        const ends = (text: string) => (crlf ? text.replaceAll('\n', '\r\n') : text);
        const patch = marked('@@', ...body, '*** End of File');
        // A file of one line without a line feed has no line ends to keep.
        const oldText = ends(textOf(old, end));
        const kept = oldText.includes('\n') ? ends : (text: string) => text;
        expect(apply(oldText, patch)).toBe(kept(textOf(target, end)));
      }),
      { numRuns: 1000 },
    );
  });

  test('unique lines and little context: each hunk finds its place', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    const cuts = fc.uniqueArray(fc.nat(39), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        cuts,
        fc.boolean(),
        fc.array(line, { maxLength: 3 }),
        (unsorted, removes, add) => {
          fc.pre(removes || add.length > 0);
          const places = unsorted.toSorted((left, right) => left - right);
          const target: string[] = [];
          const body: string[] = [];
          for (const [at, text] of lines.entries()) {
            if (!places.includes(at)) {
              target.push(text);
              continue;
            }
            if (!removes) target.push(text);
            target.push(...add);
            body.push('@@', `${removes ? '-' : ' '}${text}`, ...add.map((added) => `+${added}`));
          }
          expect(apply(`${lines.join('\n')}\n`, marked(...body))).toBe(`${target.join('\n')}\n`);
        },
      ),
    );
  });

  describe('of what diff writes', () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'apply-hunks-'));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test('the patch gives the target, also where a line feed at the end comes or goes', () => {
      const end = fc.constantFrom('', '\n');
      let applied = 0;
      fc.assert(
        fc.property(edits, end, end, fc.constantFrom(1, 3), (made, oldEnd, newEnd, context) => {
          const old = textOf(
            made.flatMap(({ keep, remove }) => [...keep, ...remove]),
            oldEnd,
          );
          const target = textOf(
            made.flatMap(({ keep, add }) => [...keep, ...add]),
            newEnd,
          );
          fc.pre(old !== target && old !== '' && target !== '');
          const [one, other] = [join(folder, 'old'), join(folder, 'new')];
          writeFileSync(one, old);
          writeFileSync(other, target);
          const script = 'diff -a -U "$1" --label a/f --label b/f "$2" "$3"; test $? -le 1';
          const diff = execFileSync('/bin/sh', ['-c', script, 'sh', String(context), one, other]);
          expect(apply(old, diff.toString())).toBe(target);
          applied += 1;
        }),
        { numRuns: 250 },
      );
      expect(applied).toBeGreaterThan(150);
    });
  });
});

describe('the place of a hunk', () => {
  const text = 'a\n  x\n  y\nb\n  x\n  y\n';

  test('must be clear', () => {
    expect(() => apply(text, marked('@@', '   x', '-  y'))).toThrow(
      'f: hunk at patch line 3: its lines stand in the file more than once, at lines 2, 5; ' +
        'add lines of context, or @@ with a line above',
    );
    expect(() => apply(text, marked('@@ x', '-  y'))).toThrow(
      'more than one line of the file is: x',
    );
    expect(() => apply(text, marked('@@ c', '-  y'))).toThrow('no line of the file is: c');
    expect(() => apply(text, marked('@@', '-  z'))).toThrow('its lines do not stand in the file');
    expect(() => apply(text, marked('@@', '-b', '@@', '-a'))).toThrow(
      'hunk at patch line 5: its lines do not stand in the file after line 4',
    );
    expect(() => apply(text, marked('@@', '-  x', '*** End of File'))).toThrow(
      'its lines do not stand at the end of the file',
    );
  });

  test('is said by anchors, by the end of the file, by the hunk before it, or by a line number', () => {
    const second = 'a\n  x\n  y\nb\n  x\n  z\n';
    expect(apply(text, marked('@@ b', '-  y', '+  z'))).toBe(second);
    expect(apply(text, marked('@@ b', '@@ x', '-  y', '+  z'))).toBe(second);
    expect(apply(text, marked('@@ b', ' b', '   x', '-  y', '+  z'))).toBe(second);
    expect(apply(text, marked('@@', '-  y', '+  z', '*** End of File'))).toBe(second);
    expect(apply(text, marked(' b', '@@', '-  y', '+  z'))).toBe(second);
    expect(apply(text, marked('@@ -5,2 +5,2 @@', '   x', '-  y', '+  z'))).toBe(second);
    expect(() => apply(text, marked('@@ -4,2 +4,2 @@', '   x', '-  y'))).toThrow('lines 2, 5');
  });

  test('lines that are only added come after the anchor, or at the end', () => {
    expect(apply('a\nb\n', marked('@@ a', '+c'))).toBe('a\nc\nb\n');
    expect(apply('a\nb\n', marked('@@', '+c'))).toBe('a\nb\nc\n');
    expect(apply('', marked('+c'))).toBe('c\n');
    expect(() => apply('a\nb\n', marked('@@ -1,0 +2 @@', '+c'))).toThrow('no line of context');
  });

  test('white space at the end of a line may differ, and that of the file stays', () => {
    expect(apply('a  \nb\t\nc\n', marked('@@', ' a', '-b', '+d', ' c   '))).toBe('a  \nd\nc\n');
    expect(() => apply(' a\n', marked('@@', ' a', '+b'))).toThrow('do not stand');
  });

  test('many lines and hunks are found in a moment', () => {
    const many = Array.from({ length: 200_000 }, (_, index) => `${index % 1000} of ${index}`);
    const body = many.filter((_, index) => index % 100 === 0).flatMap((old) => ['@@', `-${old}`]);
    expect(apply(many.join('\n'), marked(...body)).split('\n')).toHaveLength(198_000);
  });
});
