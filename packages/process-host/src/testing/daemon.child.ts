import { writeFileSync } from 'node:fs';
import { createProcessHost } from '../process-host.ts';
import { realClock, path } from './hosted.ts';

/** A daemon in a process of its own: holds a command, perhaps releases it, tells its identity and waits to be killed. */
const [, , workspaceRoot = '', sandbox = '', mode = '', mark = '', line = ''] = process.argv;
const host = createProcessHost({
  clock: realClock,
  workspaceRoot,
  hidden: [],
  path,
  sandbox: sandbox === 'off' ? 'off' : 'auto',
});
const held = await host.hold({
  argv: ['/bin/sh', '-c', line],
  cwd: workspaceRoot,
  mark,
  sink: { file: `${workspaceRoot}/../output`, maxBytes: 100_000 },
});
if (mode === 'release') held.release();
writeFileSync(1, `${JSON.stringify(held.identity)}\n`);
setInterval(() => undefined, 1000);
