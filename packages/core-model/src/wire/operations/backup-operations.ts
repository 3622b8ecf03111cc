import { BackupView, CreateBackupRequest } from '../../backup/backup.ts';
import { pageOf, pageQuery } from '../page.ts';
import type { Operation } from './operation.ts';

/** Copies of the state root, in the directory that the daemon was started with. */
export const backupOperations = {
  listBackups: {
    method: 'GET',
    path: '/v1/backups',
    access: 'admin',
    summary: 'The backups of the backup directory, oldest first.',
    query: pageQuery,
    status: 200,
    response: pageOf(BackupView),
  },
  createBackup: {
    method: 'POST',
    path: '/v1/backups',
    access: 'admin',
    summary: 'Begin a backup of the state root; one at a time.',
    body: CreateBackupRequest,
    bodyOptional: true,
    status: 202,
    response: BackupView,
  },
  getBackup: {
    method: 'GET',
    path: '/v1/backups/{backup_id}',
    access: 'admin',
    summary: 'One backup; `running` until it is complete or has failed.',
    status: 200,
    response: BackupView,
  },
} as const satisfies Record<string, Operation>;
