import { readFileSync, statSync, statfsSync } from 'node:fs';
import { KheishError } from '@kheish/core-model';

/** Magic numbers of statfs(2) whose locks are not trustworthy between machines. */
const networkFileSystems: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xfe534d42: 'SMB',
  0xff534d42: 'CIFS',
  0x01021997: '9p',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
  0x6b414653: 'AFS',
  0x73757245: 'Coda',
  0x0bd00bd0: 'Lustre',
  0x47504653: 'GPFS',
  0x19830326: 'BeeGFS',
  0x786f4256: 'VirtualBox shared folder',
};

/** One number for all file systems in user space: what they are, the mount table says. */
const FUSE = 0x65735546;

/** The latter are on this machine's own disks, whatever they are for. */
const localFuse =
  /^(fuseblk|fuse\.(ntfs-3g|exfat|ext2|apfs|lklfuse|gocryptfs|encfs|cryfs|bindfs|mergerfs|unionfs|fuse-overlayfs|lxcfs))$/;

/** SQLite's locks and its write-ahead log need a local disk. */
export function requireLocalFileSystem(directory: string): void {
  const number = statfsSync(directory).type >>> 0;
  const name = number === FUSE ? remoteFuse(mountType(directory)) : networkFileSystems[number];
  if (name === undefined) return;
  throw new KheishError(
    'storage/root_unusable',
    `The state root ${directory} is on a network file system (${name}), where locks cannot be trusted. Choose a --state-root on a local disk.`,
  );
}

function remoteFuse(type: string | undefined): string | undefined {
  if (type === undefined) return 'of an unknown kind, in user space';
  return localFuse.test(type) ? undefined : type;
}

/** proc(5), `/proc/<pid>/mountinfo`: the third field names the device, the first after the dash the type. */
function mountType(directory: string): string | undefined {
  const { dev } = statSync(directory);
  const device = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const line = lines.find((text) => text.split(' ')[2] === device);
  return line?.split(' - ')[1]?.split(' ')[0];
}
