import { lstatSync, readFileSync, realpathSync } from 'node:fs';

/** A line of /proc/net/unix, as unix(7) has it; the path is the last column and may hold spaces. */
const socketLine = /^\S+: \S+ \S+ \S+ \S+ \S+ +\d+ (\/.*)$/gm;

/**
 * The files of the host's sockets: absolute, without symbolic links. Who may connect to one needs neither a network nor
 * the right to write, and behind some of them is a program that does what it is told as root.
 */
export function hostSockets(): string[] {
  return [...listed().matchAll(socketLine)].flatMap(([, path = '']) => {
    try {
      const real = realpathSync.native(path);
      return lstatSync(real).isSocket() ? [real] : [];
    } catch {
      return [];
    }
  });
}

function listed(): string {
  try {
    return readFileSync('/proc/net/unix', 'utf8');
  } catch {
    return '';
  }
}
