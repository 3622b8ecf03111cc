import type { Command, MatchedRule, PermissionBehavior, PermissionMode } from '@kheish/core-model';

const does: Readonly<Record<PermissionBehavior, string>> = {
  allow: 'allows it',
  ask: 'asks for approval',
  deny: 'denies it',
};

const modeDoes: Readonly<Record<PermissionMode, string>> = {
  default: '',
  plan: 'Mode plan denies what does more than read and plan.',
  dontAsk: 'Mode dontAsk denies what would have to be asked.',
  acceptEdits: 'Mode acceptEdits allows edits without asking.',
  bypassPermissions: 'Mode bypassPermissions allows without asking.',
};

interface Deciding {
  readonly matched: MatchedRule;
  readonly base: PermissionBehavior;
  readonly decision: PermissionBehavior;
  readonly mode: PermissionMode;
}

export function reasonFor({ matched, base, decision, mode }: Deciding): string {
  const sentences = [`The ${nameOf(matched)} ${does[matched.behavior]}.`];
  if (base !== matched.behavior) {
    sentences.push('It is asked all the same, since the line may run a command of another rule.');
  }
  if (decision !== base) sentences.push(modeDoes[mode]);
  return sentences.join(' ');
}

interface Bearing {
  /** Rules whose pattern names the tool. */
  readonly named: readonly MatchedRule[];
  /** Those of them that match the command too. */
  readonly matching: readonly MatchedRule[];
  readonly hidden: readonly MatchedRule[];
  readonly command: Command;
  readonly mode: PermissionMode;
}

const MAX_NOTES = 10;

export function notesOn(bearing: Bearing): string[] {
  const notes = [...notesOnHidden(bearing), ...notesOnUnused(bearing)];
  if (notes.length <= MAX_NOTES) return notes;
  return [...notes.slice(0, MAX_NOTES), `${notes.length - MAX_NOTES} more rules are alike.`];
}

function notesOnHidden({ hidden, mode }: Bearing): string[] {
  return hidden.map((rule) => {
    const kept = rule.behavior === 'deny' && mode === 'bypassPermissions';
    return `What the line runs cannot be told, and the ${nameOf(rule)} ${does[rule.behavior]}${
      kept ? ': mode bypassPermissions does not stand above that' : ''
    }.`;
  });
}

/** On rules that allow the words and yet do not allow the call. */
function notesOnUnused({ named, matching, command: { argv } }: Bearing): string[] {
  const unused = named.filter((rule) => rule.behavior === 'allow' && !matching.includes(rule));
  if (argv === undefined) {
    return unused.map((rule) => `The ${nameOf(rule)} allows a single simple command only.`);
  }
  return unused
    .filter((rule) => rule.argv_prefix?.every((word, index) => word === argv[index]))
    .map((rule) => {
      const program = JSON.stringify(argv[0]);
      return `The ${nameOf(rule)} does not count: ${program} may run other commands, or is not on the PATH.`;
    });
}

function nameOf(rule: MatchedRule): string {
  const origin = rule.origin === 'builtin' ? 'built-in' : rule.origin;
  const words = rule.argv_prefix === undefined ? '' : ` for ${JSON.stringify(rule.argv_prefix)}`;
  return `${origin} rule "${rule.tool_name_pattern}"${words}`;
}
