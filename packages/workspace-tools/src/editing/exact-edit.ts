import { KheishError } from '@kheish/core-model';
import { endsLinesWithCrLf, withCrLf } from '../text/file-text.ts';

const MAX_LINES_TOLD = 20;

export interface ExactEdit {
  readonly old_text: string;
  readonly new_text: string;
  readonly replace_all?: boolean | undefined;
}

export interface EditedText {
  readonly text: string;
  /** Which lines changed, in words. */
  readonly note: string;
}

/**
 * Replaces a text that occurs once, or all its occurrences. In a file whose lines all end with CR LF the line ends of
 * the edit mean CR LF too. Throws `tools/invalid_input` where it is not clear what to replace, and where the outcome
 * would be longer than `maxLength` UTF-16 units.
 */
export function editText(text: string, edit: ExactEdit, maxLength: number): EditedText {
  const lineEnds = endsLinesWithCrLf(text) ? withCrLf : (same: string) => same;
  const [old, replacement] = [lineEnds(edit.old_text), lineEnds(edit.new_text)];
  if (old === replacement) throw invalid('old_text and new_text are the same');
  // What is to be unique must not overlap itself either.
  const { count, lines } = occurrences(text, old, edit.replace_all === true ? old.length : 1);
  if (count === 0) throw invalid('old_text is not in the file; it must match exactly');
  if (count > 1 && edit.replace_all !== true) {
    throw invalid(
      `old_text occurs ${count} times, at lines ${lines}; ` +
        'add text around it to say which one, or set replace_all',
    );
  }
  if (text.length + count * (replacement.length - old.length) > maxLength) {
    throw invalid(`the file would become longer than ${maxLength} characters`);
  }
  const note =
    count === 1 ? `Changed at line ${lines}.` : `Changed ${count} times, at lines ${lines}.`;
  return { text: text.replaceAll(old, () => replacement), note };
}

/** How often it occurs, and at which lines, counted from 1. */
function occurrences(
  text: string,
  searched: string,
  step: number,
): { count: number; lines: string } {
  const lines: number[] = [];
  let count = 0;
  let line = 1;
  let counted = 0;
  for (let at = text.indexOf(searched); at >= 0; at = text.indexOf(searched, at + step)) {
    count += 1;
    if (lines.length === MAX_LINES_TOLD) continue;
    line += text.slice(counted, at).split('\n').length - 1;
    counted = at;
    lines.push(line);
  }
  return { count, lines: lines.join(', ') + (count > lines.length ? ', ...' : '') };
}

function invalid(detail: string): KheishError {
  return new KheishError('tools/invalid_input', detail);
}
