import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Workspace packages are taken from their sources, so unit tests need no build.
const conditions = ['@kheish/source', 'node', 'import', 'module', 'default'];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: conditions } };

export default defineConfig({
  test: {
    reporters: ['default', './scripts/promises/reporter.ts'],
    restoreMocks: true,
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'apps/*/src/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          environment: 'node',
          // A bound for what hangs, generous enough for a busy machine: no test measures time.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'system',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/fixtures/**'],
          environment: 'node',
          globalSetup: ['tests/setup/build.ts'],
          setupFiles: ['tests/setup/no-strays.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Real processes: two files at a time, after the unit tests.
          maxWorkers: Math.min(2, availableParallelism()),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
