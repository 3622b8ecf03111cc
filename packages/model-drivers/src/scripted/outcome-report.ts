import type { ToolOutcome } from './conversation.ts';

const EXCERPT = 200;

/** A line for each tool result. */
export function reportOutcomes(outcomes: readonly ToolOutcome[]): string {
  if (outcomes.length === 0) return 'Nothing is left to do.\n';
  return outcomes
    .map(({ tool, content, isError }) => {
      const verb = isError ? 'failed' : 'returned';
      return `${tool} ${verb}: ${excerpt(content)}\n`;
    })
    .join('');
}

/** The beginning of a text, on one line. */
export function excerpt(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT).toWellFormed()}...` : line;
}
