import type { BoundedText } from '../text/bounded-text.ts';
import type { WorkspaceLimits } from '../workspace-limits.ts';
import type { WalkGaps } from '../workspace/walk.ts';

/** Says what a walk did not see, and how to see it. */
export function noteGaps(text: BoundedText, gaps: WalkGaps, limits: WorkspaceLimits): void {
  if (gaps.entries) {
    text.note(
      `Not all was searched: only ${limits.maxEntries} entries. Search subdirectories by \`path\`.`,
    );
  }
  if (gaps.depth) {
    text.note(`Nothing deeper than ${limits.maxDepth} directories was searched.`);
  }
  if (gaps.unreadable > 0) text.note(`Directories that could not be read: ${gaps.unreadable}.`);
}
