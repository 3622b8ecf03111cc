import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Access, type Operation, operations } from '@kheish/core-model';
import { expect, test } from 'vitest';

const marker = '<!-- operations: written from the table of operations, and checked -->\n';
const meanings: readonly [Access, string][] = [
  ['open', 'anyone'],
  ['read', '`readonly`, `operator`, `admin`'],
  ['operator', '`operator`, `admin`'],
  ['admin', '`admin`'],
];

function table(): string {
  const all: Operation[] = Object.values(operations);
  const rows = meanings.map(([access, who]) => {
    const own = all.filter((operation) => operation.access === access);
    return `${who}:\n\n${own.map(({ method, path }) => `- \`${method} ${path}\``).join('\n')}\n`;
  });
  return rows.join('\n');
}

// After a change of operations: `npx vitest run -u --project system tests/docs/access.test.ts`; the diff shows who may call what.
test('docs/access.md says of each operation who may call it [holds access.documented]', async () => {
  const file = join(import.meta.dirname, '../../docs/access.md');
  const [before = '', told = ''] = readFileSync(file, 'utf8').split(marker);
  const after = told.slice(told.indexOf('\n## '));
  await expect(`${before}${marker}\n${table()}${after}`).toMatchFileSnapshot(file);
});
