/** The value below which `share` of the samples lie. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (samples: readonly number[]) => quantile(samples, 0.5);

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
