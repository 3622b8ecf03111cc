import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KnipConfig } from 'knip';

/** A package that is still a stub may declare what its code will need. */
function isStub(folder: string): boolean {
  return readFileSync(`${folder}/src/index.ts`, 'utf8').trim() === 'export {};';
}

const packages = globSync('{packages,apps}/*/package.json').map((file) => dirname(file));

const config: KnipConfig = {
  workspaces: {
    '.': {
      entry: ['scripts/*.ts', 'tests/setup/*.ts', 'tests/fixtures/**/*.ts', 'bench/main.ts'],
      project: ['*.ts', 'scripts/**', 'tests/**', 'bench/**'],
      // Started by scripts/tools.ts and by turbo; and what any test of any package may import.
      ignoreDependencies: ['pnpm', 'turbo', 'fast-check', /^@kheish\//],
    },
    ...Object.fromEntries(
      packages.map((folder) => [
        folder,
        {
          entry: folder === 'apps/cli' ? ['src/main.ts'] : [],
          project: ['src/**'],
          ignoreDependencies: isStub(folder)
            ? [/.*/]
            : folder === 'packages/testkit'
              ? [/^@kheish\//]
              : [],
        },
      ]),
    ),
  },
};

export default config;
