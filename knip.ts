import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KnipConfig } from 'knip';

const packages = globSync('{packages,apps}/*/package.json').map((file) => dirname(file));

const config: KnipConfig = {
  workspaces: {
    '.': {
      entry: [
        'scripts/*.ts',
        'tests/setup/*.ts',
        'tests/fixtures/**/*.ts',
        'tests/harness/crashing-daemon.ts',
        'bench/loop-delay.ts',
        'tests/harness/closing-daemon.ts',
      ],
      project: ['*.ts', 'scripts/**', 'tests/**', 'bench/**'],
      // Started by scripts/tools.ts and by turbo.
      ignoreDependencies: ['pnpm', 'turbo'],
      // A terminal for what is typed at one, faults of the disk, mounts of a process's own.
      ignoreBinaries: ['nsenter', 'script', 'strace', 'unshare'],
    },
    ...Object.fromEntries(
      packages.map((folder) => [
        folder,
        {
          entry: globSync('src/testing/*.child.ts', { cwd: folder }),
          project: ['src/**'],
          // What the bundle leaves outside.
          ignoreDependencies: folder === 'apps/cli' ? ['better-sqlite3'] : [],
          ignoreBinaries: folder === 'packages/state-store' ? ['mkfifo'] : [],
        },
      ]),
    ),
  },
};

export default config;
