/** What became of a typed line. */
export type Taken<R> =
  /** It is no answer; what to type is said. */
  | { readonly hint: string }
  /** There is more to be shown before the next line. */
  | { readonly more: readonly string[] }
  | { readonly resolution: R };

/** A request of a run, answered line by line. */
export interface Form<R> {
  readonly lines: readonly string[];
  /** Stands before what is typed. */
  readonly prompt: string;
  take(line: string): Taken<R>;
}
