import { expect, test } from 'vitest';
import { promises } from '../../promises.ts';
import { readDocument } from './document.ts';

interface Row {
  readonly threat: string;
  readonly control: string;
  readonly promised: readonly string[];
}

/** Rows of the tables that say what holds a control: all but the first, of zones. */
function rows(): Row[] {
  const text = readDocument('docs/security.md');
  const lines = text.slice(text.indexOf('## OWASP')).split('\n');
  return lines.flatMap((line) => {
    const [, threat = '', control = '', held] = line.split('|').map((cell) => cell.trim());
    if (held === undefined || held === 'held by' || /^-+$/.test(held)) return [];
    const promised = [...held.matchAll(/`([a-z_]+\.[a-z_]+)`/g)].map(([, id = '']) => id);
    return [{ threat, control, promised }];
  });
}

/** What is not there needs no control. */
const absent = /^(?:there are no|no MCP|agents do not)/;

test('each threat of docs/security.md has a control that a promise holds, or is said not to be covered [holds docs.security_held]', () => {
  const threats = rows();
  const numbered = threats.map(({ threat }) => threat.slice(0, 5));
  for (const list of ['LLM', 'ASI']) {
    const all = Array.from(
      { length: 10 },
      (_, nth) => `${list}${String(nth + 1).padStart(2, '0')}`,
    );
    expect(numbered.filter((name) => name.startsWith(list))).toEqual(all);
  }
  for (const { threat, control, promised } of threats) {
    const isHeld =
      promised.length > 0 || control.startsWith('**Not covered') || absent.test(control);
    expect([threat, control, isHeld]).toEqual([threat, control, true]);
    expect(promised.filter((id) => !Object.hasOwn(promises, id))).toEqual([]);
  }
});
