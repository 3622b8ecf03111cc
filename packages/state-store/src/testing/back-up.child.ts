import { copyRoot } from '../backup/copy-root.ts';
import { createBackup } from '../backup/create-backup.ts';
import { restoreBackup } from '../backup/restore-backup.ts';
import { watchFileSystem } from './fs-steps.ts';

// `create` or `restore`, killed before its nth step on the disk. Prints how many there were.
const [what, from = '', to = '', rootId = '', at = '0'] = process.argv.slice(2);
let steps = 0;
watchFileSystem((nth) => {
  steps = nth;
  if (nth === Number(at)) process.kill(process.pid, 'SIGKILL');
});
process.on('SIGXFSZ', () => undefined);

const work =
  what === 'create'
    ? createBackup(
        { root: from, rootId, version: '1.0.0', live: false },
        { directory: to, backupId: 'backup_1', createdAtMs: 1 },
        copyRoot,
      )
    : restoreBackup({ backup: from, stateRoot: to, atMs: 1 });
const said = await work.then(
  () => 'done',
  (error: { code?: string }) => error.code,
);
process.stdout.write(`${said} ${steps}\n`);
