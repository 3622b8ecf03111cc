import { type FileText, decodeText } from '../text/file-text.ts';
import { notFound, unreadable } from '../workspace/file-problem.ts';
import type { NamedFile, Standing } from './named-file.ts';

/** What a file holds that must be there. */
export function standingOf(file: NamedFile): Standing {
  if (file.standing === undefined) throw notFound(file.path);
  return file.standing;
}

/** The text of a file that must be there, and be text through and through. */
export function standingText(file: NamedFile): FileText {
  const text = decodeText(standingOf(file).content);
  if (text !== undefined) return text;
  throw unreadable(file.path, 'is not a text file; use write_file to replace all of it');
}
