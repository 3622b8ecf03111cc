import type { Handlers } from '@kheish/http-api';
import type { BackupKeeper } from '../backup/backup-keeper.ts';
import { page, pageRequest } from './page-request.ts';

type BackupOperation = 'listBackups' | 'createBackup' | 'getBackup';

export function backupHandlers(backups: BackupKeeper): Pick<Handlers, BackupOperation> {
  return {
    listBackups: ({ query }) => {
      const { limit, after = '' } = pageRequest(query);
      const rows = backups.list().filter(({ backup_id: id }) => id > after);
      return page(
        rows,
        limit,
        'backup_id_asc',
        ({ backup_id: id }) => id,
        (shown) => [...shown],
      );
    },
    createBackup: ({ body }) => backups.create(body),
    getBackup: ({ path }) => backups.get(path.backup_id),
  };
}
