import { ExternalAction, canonicalJson } from '@kheish/core-model';
import * as v from 'valibot';

/** What an entry says: the action, and the hash of the entry before it in its chain. */
const EntryBody = v.strictObject({
  ...ExternalAction.entries,
  prev_hash: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
});
export type EntryBody = v.InferOutput<typeof EntryBody>;

/** How `JSON.stringify` begins half of a pair. */
const LONE_SURROGATE = String.raw`\ud`;

/**
 * Canonical JSON (RFC 8785) of an entry. Its values are texts and numbers only, so that sorted names and the
 * serialisation of ECMAScript are all that there is to it; a property test compares it with `canonicalJson`.
 */
export function entryBody(action: ExternalAction, prevHash: string | undefined): string {
  const sorted = {
    action_id: action.action_id,
    agent_id: action.agent_id,
    grant_id: action.grant_id,
    kind: action.kind,
    outcome: action.outcome,
    parent_principal_id: action.parent_principal_id,
    phase: action.phase,
    prev_hash: prevHash,
    principal_id: action.principal_id,
    request_digest: action.request_digest,
    response_digest: action.response_digest,
    run_id: action.run_id,
    session_id: action.session_id,
    target: action.target,
    timestamp_ms: action.timestamp_ms,
    tool_call_id: action.tool_call_id,
  } satisfies Record<keyof EntryBody, unknown>;
  const text = JSON.stringify(sorted);
  // Half a surrogate pair has no canonical form, and is written so; nor has what is no number.
  const suspect = text.includes(LONE_SURROGATE) || !Number.isFinite(action.timestamp_ms);
  return suspect ? canonicalJson(defined(sorted)) : text;
}

/** Reads an entry; undefined where the text is not the one canonical form of one. */
export function readEntryBody(text: string): EntryBody | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(EntryBody, value, { abortEarly: true });
  if (!parsed.success) return undefined;
  const { prev_hash: prevHash, ...action } = parsed.output;
  try {
    return entryBody(action, prevHash) === text ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function defined(value: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(Object.entries(value).filter((entry) => entry[1] !== undefined));
}
