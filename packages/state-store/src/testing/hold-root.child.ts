import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { KheishError } from '@kheish/core-model';
import { lockRoot } from '../root/root-lock.ts';

// Takes the lock of a root and keeps it until standard input ends.
// With `and-touch` it then opens and closes every file of the root, which loses a POSIX lock silently.
const [root = '', mode] = process.argv.slice(2);
try {
  const lock = lockRoot(root, '1.0.0');
  lock.announce({ address: 'http://127.0.0.1:1' });
  if (mode === 'and-touch') {
    for (const name of readdirSync(root)) closeSync(openSync(join(root, name), 'r'));
  }
  process.stdout.write('held\n');
  process.stdin.resume();
  process.stdin.once('end', () => lock.release());
} catch (error) {
  process.stdout.write(`${error instanceof KheishError ? error.code : String(error)}\n`);
}
