/** Names of things, and words of our own: no text of anybody stands in them. */
const ownWords =
  /^(?!actor_id$|thread_id$)(?:.*_)?(?:ids?|digest)$|^(?:type|kind|status|role|outcome|effect|method|setting|behavior|stop_reason|by|as|waiting_for|driver|blob|erased|covers|v)$/;
/** What others made up, names of fields included. */
const foreign = /^(?:input|updated_input|metadata|input_metadata|opaque)$/;

type Rule = 'own' | 'foreign' | 'text';
const rules = new Map<string, Rule>();

function ruleOf(field: string): Rule {
  let rule = rules.get(field);
  if (rule === undefined) {
    rule = ownWords.test(field) ? 'own' : foreign.test(field) ? 'foreign' : 'text';
    rules.set(field, rule);
  }
  return rule;
}

/** The strings of a JSON value changed; what has none that changes is given back as it is. */
export function mapJsonTexts(value: unknown, change: (text: string) => string): unknown {
  return mapped(value, change, false);
}

/** The same with every string and every field's name: for a value that somebody else made up. */
export function mapForeignJson(value: unknown, change: (text: string) => string): unknown {
  return mapped(value, change, true);
}

/** Most values have no secret: nothing is made anew unless something changes. */
function mapped(value: unknown, change: (text: string) => string, isForeign: boolean): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return mappedItems(value, change, isForeign);
  let changed: Map<string, unknown> | undefined;
  for (const [field, old] of Object.entries(value)) {
    const rule = isForeign ? 'foreign' : ruleOf(field);
    if (rule === 'own' && typeof old === 'string') continue;
    const now: unknown = mapped(old, change, rule === 'foreign');
    if (now === old && (!isForeign || change(field) === field)) continue;
    (changed ??= new Map()).set(field, now);
  }
  if (changed === undefined) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, old]) => [
      isForeign ? change(field) : field,
      changed.has(field) ? changed.get(field) : old,
    ]),
  );
}

function mappedItems(
  items: readonly unknown[],
  change: (text: string) => string,
  isForeign: boolean,
): readonly unknown[] {
  let changed: unknown[] | undefined;
  for (const [index, old] of items.entries()) {
    const now = mapped(old, change, isForeign);
    if (now !== old) (changed ??= [...items])[index] = now;
  }
  return changed ?? items;
}
