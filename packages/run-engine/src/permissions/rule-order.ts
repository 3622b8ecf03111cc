import type { MatchedRule } from '@kheish/core-model';

const originRank: Readonly<Record<MatchedRule['origin'], number>> = {
  session: 3,
  project: 2,
  user: 1,
  builtin: 0,
};

/** Whether `a` goes before `b`, where `a` was not inserted before `b`: ties are for the first. */
export function outranks(a: MatchedRule, b: MatchedRule): boolean {
  const [ranks, others] = [ranksOf(a), ranksOf(b)];
  const first = ranks.findIndex((rank, index) => rank !== others[index]);
  return first !== -1 && (ranks[first] ?? 0) > (others[first] ?? 0);
}

/** The rule that goes before all others. */
export function foremost(rules: readonly MatchedRule[]): MatchedRule | undefined {
  return rules.reduce<MatchedRule | undefined>(
    (best, rule) => (best === undefined || outranks(rule, best) ? rule : best),
    undefined,
  );
}

function ranksOf(rule: MatchedRule): readonly number[] {
  const pattern = rule.tool_name_pattern;
  const exactness = pattern.endsWith('*') ? pattern.length - 1 : Infinity;
  return [originRank[rule.origin], rule.argv_prefix?.length ?? 0, exactness];
}
