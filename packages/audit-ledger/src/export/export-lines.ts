import { AuditCheckpoint, canonicalJson } from '@kheish/core-model';
import * as v from 'valibot';

const hexOf = (bytes: number) =>
  v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`)));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** First: what the file is of. */
export const Header = v.strictObject({
  domain: v.literal('kheish/audit/export/v1'),
  log_id: v.string(),
  /** Absent: the whole log. */
  run_id: v.optional(v.string()),
});
export type Header = v.InferOutput<typeof Header>;

/** After the entries of one commit: what signs them. */
const SealLine = v.strictObject({
  first_index: count,
  key_id: hexOf(32),
  signature: hexOf(64),
  size: count,
});
export type SealLine = v.InferOutput<typeof SealLine>;

/** After an entry of a part of the log: where it is, and what proves it. */
const ProofLine = v.strictObject({
  inclusion: v.array(hexOf(32)),
  log_index: count,
  seal: v.strictObject({ ...SealLine.entries, path: v.array(hexOf(32)) }),
});
export type ProofLine = v.InferOutput<typeof ProofLine>;

/** Of a part of the log: that it began with an earlier state of it. */
const ConsistencyLine = v.strictObject({ from_tree_size: count, path: v.array(hexOf(32)) });
export type ConsistencyLine = v.InferOutput<typeof ConsistencyLine>;

/** Last: signs every byte before it. */
const Trailer = v.strictObject({
  domain: v.literal('kheish/audit/export-end/v1'),
  entries: count,
  key_co_located: v.boolean(),
  key_id: hexOf(32),
  log_id: v.string(),
  /** Of all bytes before this line. */
  sha256: hexOf(32),
  signature: hexOf(64),
  timestamp_ms: v.number(),
});
export type Trailer = v.InferOutput<typeof Trailer>;

const lines = {
  header: Header,
  checkpoint: AuditCheckpoint,
  seal: SealLine,
  proof: ProofLine,
  consistency: ConsistencyLine,
  trailer: Trailer,
} as const;

/** Every line of an export but the entries, which stand for themselves. */
export type ExportLine = {
  [K in keyof typeof lines]: { readonly kind: K; readonly value: v.InferOutput<(typeof lines)[K]> };
}[keyof typeof lines];

export function lineOf(line: ExportLine): string {
  return canonicalJson({ [line.kind]: line.value });
}

export function isEntryLine(text: string): boolean {
  return text.startsWith('{"action_id":');
}

/** Every second line of a large export: its one canonical form, without a parser. */
const sealForm =
  /^\{"seal":\{"first_index":(0|[1-9]\d{0,14}),"key_id":"([0-9a-f]{64})","signature":"([0-9a-f]{128})","size":([1-9]\d{0,14})\}\}$/;

/** Undefined where the text is not the canonical form of such a line. */
export function readLine(text: string): ExportLine | undefined {
  const seal = sealForm.exec(text);
  if (seal !== null) {
    const [, first, key_id = '', signature = '', size] = seal;
    return {
      kind: 'seal',
      value: { first_index: Number(first), key_id, signature, size: Number(size) },
    };
  }
  const kind = /^\{"(\w+)":/.exec(text)?.[1];
  if (kind === undefined || !Object.hasOwn(lines, kind)) return undefined;
  const known = kind as keyof typeof lines;
  try {
    const given = (JSON.parse(text) as Record<string, unknown>)[known];
    const parsed = v.safeParse(lines[known], given, { abortEarly: true });
    if (!parsed.success) return undefined;
    const line = { kind: known, value: parsed.output } as ExportLine;
    return lineOf(line) === text ? line : undefined;
  } catch {
    return undefined;
  }
}
