import { statfsSync } from 'node:fs';
import { KheishError } from '@kheish/core-model';

/** Magic numbers of statfs(2) whose locks are not trustworthy between machines. */
const networkFileSystems: Record<number, string> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xfe534d42: 'SMB',
  0xff534d42: 'CIFS',
  0x01021997: '9p',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
};

/** SQLite's locks and its write-ahead log need a local disk. */
export function requireLocalFileSystem(directory: string): void {
  const name = networkFileSystems[statfsSync(directory).type >>> 0];
  if (name === undefined) return;
  throw new KheishError(
    'storage/root_unusable',
    `The state root ${directory} is on a network file system (${name}), where locks cannot be trusted. Choose a --state-root on a local disk.`,
  );
}
