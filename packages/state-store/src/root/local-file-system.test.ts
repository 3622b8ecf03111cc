import { statfsSync } from 'node:fs';
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
