import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { embeddedFile, embeddedMigrations } from '../scripts/embed-migrations.ts';

test('the migrations that the program carries are those that drizzle wrote', () => {
  expect(readFileSync(embeddedFile, 'utf8')).toBe(embeddedMigrations());
});
