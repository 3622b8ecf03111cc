import { readFileSync, statSync, statfsSync } from 'node:fs';
import { beforeEach, expect, test, vi } from 'vitest';
import { requireLocalFileSystem } from './local-file-system.ts';

vi.mock('node:fs', { spy: true });

beforeEach(() => {
  vi.resetAllMocks();
});

const onType = (type: number) =>
  vi.mocked(statfsSync).mockReturnValue({ type } as ReturnType<typeof statfsSync>);

test.each([
  ['NFS', 0x6969],
  ['SMB', 0x517b],
  ['SMB', 0xfe534d42],
  ['CIFS', 0xff534d42],
  // statfs(2) may give the same number with its sign bit read as a sign.
  ['CIFS', 0xff534d42 | 0],
  ['9p', 0x01021997],
  ['Ceph', 0x00c36400],
  ['AFS', 0x5346414f],
  ['AFS', 0x6b414653],
  ['Coda', 0x73757245],
  ['Lustre', 0x0bd00bd0],
  ['GPFS', 0x47504653],
  ['BeeGFS', 0x19830326],
  ['VirtualBox shared folder', 0x786f4256],
])('a root on %s (%i) is refused, with its name', (name, type) => {
  onType(type);
  expect(() => requireLocalFileSystem('/mnt/shared')).toThrow(
    expect.objectContaining({
      code: 'storage/root_unusable',
      message: expect.stringMatching(new RegExp(`/mnt/shared .*\\(${name}\\)`)),
    }),
  );
});

test.each([
  ['ext4', 0xef53],
  ['tmpfs', 0x01021994],
  ['btrfs', 0x9123683e],
  ['xfs', 0x58465342],
  ['overlay', 0x794c7630],
  ['zfs', 0x2fc12fc1],
])('a root on %s is fine', (_, type) => {
  onType(type);
  expect(() => requireLocalFileSystem('/var/lib/kheish')).not.toThrow();
});

/** A directory on a file system in user space, of this type in the mount table. */
function onFuse(type: string): void {
  onType(0x65735546);
  vi.mocked(statSync).mockReturnValue({ dev: 0x2b } as ReturnType<typeof statSync>);
  vi.mocked(readFileSync).mockReturnValue(
    [
      '21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
      `98 21 0:43 / /mnt/shared rw,nosuid - ${type} user@host:/srv rw,user_id=0`,
      '99 21 0:44 / /mnt/other rw - fuse.bindfs /x rw',
      '',
    ].join('\n'),
  );
}

test.each([
  'fuse.sshfs',
  'fuse.rclone',
  'fuse.s3fs',
  'fuse.gcsfuse',
  'fuse.glusterfs',
  'fuse.juicefs',
  'fuse.vmhgfs-fuse',
  'fuse.ntfs-3gx',
  'fuse',
  'virtiofs',
])('a root on %s is refused by the type of its mount', (type) => {
  onFuse(type);
  expect(() => requireLocalFileSystem('/mnt/shared')).toThrow(
    expect.objectContaining({
      code: 'storage/root_unusable',
      message: expect.stringContaining(`(${type})`),
    }),
  );
});

test.each(['fuseblk', 'fuse.ntfs-3g', 'fuse.gocryptfs', 'fuse.mergerfs', 'fuse.fuse-overlayfs'])(
  'a root on %s is fine: its disk is this machine’s',
  (type) => {
    onFuse(type);
    expect(() => requireLocalFileSystem('/var/lib/kheish')).not.toThrow();
  },
);

test('a root in user space that the mount table does not know is refused', () => {
  onFuse('fuse.bindfs');
  vi.mocked(statSync).mockReturnValue({ dev: 0x99 } as ReturnType<typeof statSync>);
  expect(() => requireLocalFileSystem('/mnt/shared')).toThrow('of an unknown kind');
});

test('the mount table of this machine is read as it is', () => {
  const real = statSync('/proc').dev;
  onType(0x65735546);
  vi.mocked(statSync).mockReturnValue({ dev: real } as ReturnType<typeof statSync>);
  expect(() => requireLocalFileSystem('/proc')).toThrow('(proc)');
});
