import { digestOfText } from '@kheish/core-model';

/** What the audit's record says of what a call acts on, where the words themselves stay out of it. */
export function digestTarget(tool: string, what: string, words: string): string {
  return `${tool}:${what}_sha256:${digestOfText(words).slice('sha256:'.length).slice(0, 16)}`;
}
