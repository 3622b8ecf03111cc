import { KheishError } from '@kheish/core-model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePatch } from './parse-patch.ts';

function problem(...lines: string[]): string {
  try {
    return `no problem: ${JSON.stringify(parsePatch(lines.join('\n')))}`;
  } catch (thrown) {
    if (thrown instanceof KheishError) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
}

test('every part of the format is read', () => {
  const patch = `
*** Begin Patch
*** Add File: a b.txt
+one
+
++two
*** Add File: empty

*** Delete File: gone
*** Update File: old
*** Move to: new
@@ class A
@@   def f
 kept

-*** End Patch
+@@

@@
+last
*** End of File
*** Update File: moved
*** Move to: elsewhere
*** End Patch
`;
  expect(parsePatch(patch)).toEqual([
    { kind: 'add', path: 'a b.txt', text: 'one\n\n+two\n' },
    { kind: 'add', path: 'empty', text: '' },
    { kind: 'delete', path: 'gone' },
    {
      kind: 'update',
      path: 'old',
      moveTo: 'new',
      hunks: [
        {
          patchLine: 12,
          anchors: ['class A', '  def f'],
          body: [
            { mark: ' ', text: 'kept' },
            { mark: ' ', text: '' },
            { mark: '-', text: '*** End Patch' },
            { mark: '+', text: '@@' },
          ],
        },
        { patchLine: 19, anchors: [], body: [{ mark: '+', text: 'last' }], end: 'lines' },
      ],
    },
    { kind: 'update', path: 'moved', moveTo: 'elsewhere', hunks: [] },
  ]);
});

test('a patch with CR LF line ends says the same', () => {
  const patch = '*** Begin Patch\n*** Add File: a\n+b\n*** End Patch\n';
  expect(parsePatch(patch.replaceAll('\n', '\r\n'))).toEqual(parsePatch(patch));
});

test('unified diffs are read, with files that come, go and move', () => {
  const diff = `diff --git a/f b/f
index 123..456 100644
--- a/f\t2026-01-01
+++ b/f
@@ -1,9 +1,9 @@ function
 kept
--- a/old
+++ b/new
@@ -20 +20 @@
-x
\\ No newline at end of file
+y
diff --git a/added b/added
new file mode 100644
--- /dev/null
+++ b/added
@@ -0,0 +1,2 @@
+one
+two
\\ No newline at end of file
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-one
--- from
+++ to
@@ -1 +1 @@
-a
+b
`;
  expect(parsePatch(diff)).toEqual([
    {
      kind: 'update',
      path: 'f',
      hunks: [
        {
          patchLine: 5,
          anchors: [],
          line: 1,
          body: [{ mark: ' ', text: 'kept' }],
        },
      ],
    },
    {
      kind: 'update',
      path: 'old',
      moveTo: 'new',
      hunks: [
        {
          patchLine: 9,
          anchors: [],
          line: 20,
          // The end of the new file: a line feed, and nothing after it.
          body: [
            { mark: '-', text: 'x' },
            { mark: '+', text: 'y' },
            { mark: '+', text: '' },
          ],
          end: 'file',
        },
      ],
    },
    { kind: 'add', path: 'added', text: 'one\ntwo' },
    {
      kind: 'delete',
      path: 'gone',
      hunks: [{ patchLine: 23, anchors: [], line: 1, body: [{ mark: '-', text: 'one' }] }],
    },
    {
      kind: 'update',
      path: 'from',
      moveTo: 'to',
      hunks: [
        {
          patchLine: 27,
          anchors: [],
          line: 1,
          body: [
            { mark: '-', text: 'a' },
            { mark: '+', text: 'b' },
          ],
        },
      ],
    },
  ]);
});

test.each<[string[], string]>([
  [['hello'], 'patch line 1: must be *** Begin Patch, or a part of a unified diff'],
  [[''], 'patch line'],
  [['*** Begin Patch', '*** End Patch'], 'the patch names no file'],
  [['*** Begin Patch', '*** Delete File: f'], 'patch line 3: *** End Patch is missing'],
  [['*** Begin Patch', '*** Delete File: f', '*** End Patch', 'x'], 'patch line 4: stands after'],
  [
    ['*** Begin Patch', '*** Update File: f', '*** End Patch'],
    'f is to be updated, but there is no',
  ],
  [
    ['*** Begin Patch', '*** Update File: f', '@@ a', '*** End Patch'],
    'line 4: the hunk before it',
  ],
  [
    ['*** Begin Patch', '*** Update File: f', '@@', 'x', '*** End Patch'],
    'line 4: the hunk before',
  ],
  [
    ['*** Begin Patch', '*** Update File: f', ' a', 'x', '*** End Patch'],
    'patch line 4: must begin',
  ],
  [['*** Begin Patch', '*** Add File: f', '+a', 'x', '*** End Patch'], 'patch line 4: must begin'],
  [['*** Begin Patch', '*** Rename File: f', '*** End Patch'], 'patch line 2: must begin'],
  [['*** Begin Patch', '*** Delete File: ', '*** End Patch'], 'patch line 2: names no file'],
  [['diff --git a/f b/f', 'old mode 100644', 'new mode 100755'], 'patch line 2: must be'],
  [['diff --git a/f b/f', 'rename from f', 'rename to g'], 'patch line 4: must be'],
  [['diff --git a/f b/f', 'new file mode 100755'], 'patch line 2: must be'],
  [['GIT binary patch', 'literal 0'], 'patch line 1: must be'],
  [['--- "a/\\303"', '+++ b/f', '@@ -1 +1 @@', '-a'], 'a quoted file name cannot be read'],
  [['--- a/f', '+++ b/f', '@@ -1 +1 @@'], 'the hunk before it has no lines'],
  [['--- a/f', '+++ b/f', '@@ nonsense @@', '-a'], 'must be a hunk header'],
  [
    ['--- /dev/null', '+++ b/f', '@@ -0,0 +1 @@', ' a'],
    'a new file has only lines that begin with +',
  ],
  [['--- /dev/null', '+++ /dev/null', '@@ -0,0 +1 @@', '+a'], 'names no file'],
])('%j is refused', (lines, detail) => {
  expect(problem(...lines)).toContain(detail);
  expect(problem(...lines)).toMatch(/^tools\/invalid_input: patch line \d+: /);
});

test('any text is read or refused, and never breaks the reader', () => {
  const line = fc.constantFrom(
    '*** Begin Patch',
    '*** End Patch',
    '*** Add File: a',
    '*** Update File: b',
    '*** Delete File: c',
    '*** Move to: d',
    '*** End of File',
    '@@',
    '@@ x',
    '@@ -1,2 +3 @@',
    '--- a/e',
    '+++ b/e',
    '--- /dev/null',
    '\\ No newline at end of file',
    ' a',
    '-a',
    '+a',
    '',
    'x',
  );
  const verdicts = new Set<string>();
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.boolean(), (lines, framed) => {
      const answer = framed
        ? problem('*** Begin Patch', ...lines, '*** End Patch')
        : problem('--- a/e', '+++ b/e', '@@ -1 +1 @@', ...lines);
      verdicts.add(answer.slice(0, 10));
      expect(answer).toMatch(/^(tools\/invalid_input: patch line|no problem: \[\{)/);
    }),
    { numRuns: 2000 },
  );
  expect(verdicts.size).toBe(2);
});
