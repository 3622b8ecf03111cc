import type { NamedFile, Standing } from './named-file.ts';

/** What a call does to one file, decided before anything is done. */
export type FileChange =
  | {
      readonly kind: 'write';
      readonly file: NamedFile;
      readonly content: Buffer;
      /** Where permissions and owner come from; undefined for what is new. */
      readonly like: Standing | undefined;
      /** Said of it in the answer. */
      readonly note?: string;
    }
  | { readonly kind: 'delete'; readonly file: NamedFile };
