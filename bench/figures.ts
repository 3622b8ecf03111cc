export function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

/** `share` is between 0 and 1: 0.99 for p99. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly goal: string;
  /** How the figure came about: how much ran before, and how often it was measured. */
  readonly after: string;
}

export function markdown(figures: readonly Figure[]): string {
  const rows = figures.map(
    ({ name, value, goal, after }) => `| ${name} | ${value} | ${goal} | ${after} |`,
  );
  return ['| figure | measured | goal | measured after |', '|---|---|---|---|', ...rows].join('\n');
}
