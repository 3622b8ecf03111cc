import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stateStore = join(import.meta.dirname, '../packages/state-store');
const directory = join(stateStore, 'migrations');

export const embeddedFile = join(stateStore, 'src/schema/migrations.ts');

/** The migrations as a module: a start reads no files for them, and a bundle carries them. */
export function embeddedMigrations(): string {
  const entries = readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => `  // ${name}\n  \`${sqlOf(name)}\`,\n`);
  return `/**
 * The SQL of migrations/, written by \`pnpm migrations\` in this package. Immutable once released:
 * a schema's version is the number of migrations that made it.
 */
export const migrations: readonly string[] = [
${entries.join('')}];
`;
}

function sqlOf(name: string): string {
  return readFileSync(join(directory, name), 'utf8')
    .trim()
    .replace(/[\\`]|\$(?=\{)/g, '\\$&');
}

if (import.meta.main) {
  writeFileSync(embeddedFile, embeddedMigrations());
}
