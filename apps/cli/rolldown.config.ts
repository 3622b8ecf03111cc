import { defineConfig } from 'rolldown';

// One file for what every start needs, and chunks for what only some do: resolving and reading 300 modules
// would cost a start more than everything else in it.
export default defineConfig({
  input: {
    main: 'src/main.ts',
    // A thread of its own, which is started by the name of its file.
    'copy-worker': '../../packages/state-store/src/backup/copy-worker.ts',
  },
  platform: 'node',
  external: ['better-sqlite3'],
  resolve: { conditionNames: ['@kheish/source', 'node', 'import', 'default'] },
  output: { dir: 'dist', format: 'esm', cleanDir: true, chunkFileNames: '[name]-[hash].js' },
});
