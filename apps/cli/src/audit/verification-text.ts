import type { AspectReport, VerificationReport } from '@kheish/daemon';
import { plainText } from '../output/plain-text.ts';

const aspects = [
  ['Chain', 'chain'],
  ['Content', 'content'],
  ['Independence', 'independence'],
] as const;

/** A report for people: each aspect by itself, what is established apart from what is not. */
export function describeVerification(report: VerificationReport): string {
  const { ok, subject, entries, seals, contradiction_count: count } = report;
  const lines = [
    ok
      ? `Nothing contradicts in this ${subject}: ${entries} entries, ${seals} signatures.`
      : `This ${subject} does not hold: ${count} ${count === 1 ? 'contradiction' : 'contradictions'}.`,
  ];
  for (const [title, aspect] of aspects) lines.push('', title, ...notesOf(report[aspect]));
  return `${lines.join('\n')}\n`;
}

function notesOf({ contradictions, established, not_established: open }: AspectReport): string[] {
  const notes = [
    ...contradictions.map((note) => ({ mark: 'contradicted   ', note })),
    ...established.map((note) => ({ mark: 'established    ', note })),
    ...open.map((note) => ({ mark: 'not established', note })),
  ];
  if (notes.length === 0) return ['  nothing could be said'];
  return notes.map(({ mark, note: { message, at } }) => {
    const where = at === undefined ? '' : ` (at ${at})`;
    return `  ${mark}  ${plainText(message)}${where}`;
  });
}
