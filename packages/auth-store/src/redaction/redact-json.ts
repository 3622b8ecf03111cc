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

function mapped(value: unknown, change: (text: string) => string, isForeign: boolean): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => mapped(item, change, isForeign));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  let changed = false;
  const entries = Object.entries(value).map(([field, old]): [string, unknown] => {
    const rule = isForeign ? 'foreign' : ruleOf(field);
    const name = isForeign ? change(field) : field;
    const isName = rule === 'own' && typeof old === 'string';
    const now = isName ? old : mapped(old, change, rule === 'foreign');
    changed ||= now !== old || name !== field;
    return [name, now];
  });
  return changed ? Object.fromEntries(entries) : value;
}
