import { MARK } from '../death/group-cohort.ts';

/** All that a command sees of an environment; nothing of ours is handed on. */
export function environmentOf(
  path: string,
  home: string,
  mark: string,
): Readonly<Record<string, string>> {
  return { PATH: path, HOME: home, LANG: 'C.UTF-8', TERM: 'dumb', [MARK]: mark };
}
