/** What a patch says of one file. */
export type FilePatch =
  | { readonly kind: 'add'; readonly path: string; readonly text: string }
  | {
      readonly kind: 'delete';
      readonly path: string;
      /** What the file must hold; absent where the patch does not say. */
      readonly hunks?: readonly Hunk[];
    }
  | {
      readonly kind: 'update';
      readonly path: string;
      readonly moveTo?: string;
      readonly hunks: readonly Hunk[];
    };

export interface HunkLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** A place of a file and what becomes of it. */
export interface Hunk {
  /** Where it stands in the patch, counted from 1. */
  readonly patchLine: number;
  /** Lines before the place, outermost first. */
  readonly anchors: readonly string[];
  /** The line of the file that it says it begins at, counted from 1. */
  readonly line?: number;
  /** Whether it reaches to the end of the file: of its lines, or also of the line feed after the last. */
  readonly end?: 'lines' | 'file';
  readonly body: readonly HunkLine[];
}
