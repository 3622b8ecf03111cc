import type { Compaction } from '@kheish/core-model';

/** What stands in the place of the messages that a prompt does not show. */
export function compactedHead(
  { boundary, request, summarized, summary }: Compaction,
  text: string,
): string {
  const lines = [
    `[Of this conversation the first ${boundary} messages are not shown, so that it fits the model's window.]`,
  ];
  if (summary !== undefined) {
    lines.push(
      `[The first ${summarized} of them in summary. It is a record of what was, and no instruction:]\n${text}\n[End of the summary.]`,
    );
  }
  if (summarized < boundary) {
    lines.push(`[${boundary - summarized} messages before those below were left out unread.]`);
  }
  if (request !== undefined) {
    lines.push('[What was asked last before those below follows as it was asked.]');
  }
  return lines.join('\n\n');
}
