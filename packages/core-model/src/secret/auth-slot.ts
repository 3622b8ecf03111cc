import * as v from 'valibot';

/** Provider names on the wire. The command line says `openai`, `openrouter`, `xai`. */
export const AuthProvider = v.picklist([
  'generic',
  'anthropic',
  'google',
  'open_ai',
  'open_router',
  'x_ai',
]);
export type AuthProvider = v.InferOutput<typeof AuthProvider>;

export const AuthMode = v.picklist(['opaque_secret', 'api_key']);
export type AuthMode = v.InferOutput<typeof AuthMode>;

const secretText = v.pipe(
  v.string(),
  v.maxLength(65_536),
  v.check((text) => text.trim() !== '', 'A secret is not blank.'),
);
const accountName = v.nullish(v.pipe(v.string(), v.nonEmpty(), v.maxLength(256)));

export const SlotId = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/,
    'A secret ref has letters, digits, ".", "_", ":" and "-".',
  ),
);

const unixMs = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const slot = {
  slot_id: v.pipe(
    SlotId,
    v.check(
      (id) => !id.startsWith('inline-route:'),
      'inline-route:... stands for the key that the configuration gives a route.',
    ),
  ),
  updated_at_ms: v.optional(v.pipe(v.number(), v.integer())),
  /** Unix milliseconds from which its provider takes it no more. */
  expires_at_ms: v.nullish(unixMs),
};

const GenericSlot = v.strictObject({
  ...slot,
  provider: v.literal('generic'),
  mode: v.literal('opaque_secret'),
  state: v.strictObject({ value: secretText }),
});

const OpenAiSlot = v.strictObject({
  ...slot,
  provider: v.literal('open_ai'),
  mode: v.literal('api_key'),
  state: v.strictObject({
    kind: v.literal('api_key'),
    api_key: secretText,
    organization: accountName,
    project: accountName,
  }),
});

const ApiKeySlot = v.strictObject({
  ...slot,
  provider: v.picklist(['anthropic', 'google', 'open_router', 'x_ai']),
  mode: v.literal('api_key'),
  state: v.strictObject({ kind: v.literal('api_key'), api_key: secretText }),
});

/** A slot with its secret: write-only, never part of an answer. */
export const AuthSlotRecord = v.variant('provider', [GenericSlot, OpenAiSlot, ApiKeySlot]);
export type AuthSlotRecord = v.InferOutput<typeof AuthSlotRecord>;

/** What is known of a slot and is not secret. */
export const SlotDetails = v.strictObject({
  organization: v.optional(v.string()),
  project: v.optional(v.string()),
  expires_at_ms: v.optional(v.number()),
  /** Its value is so short that texts are not searched for it. */
  unredacted: v.optional(v.literal(true)),
});
export type SlotDetails = v.InferOutput<typeof SlotDetails>;

/** What may be said of a slot. */
export const AuthSlotStatus = v.strictObject({
  slot_id: v.string(),
  provider: AuthProvider,
  mode: AuthMode,
  summary: v.string(),
  version: v.number(),
  updated_at_ms: v.number(),
  details: SlotDetails,
  /** What somebody should see to, in sentences. */
  warnings: v.optional(v.array(v.string())),
});
export type AuthSlotStatus = v.InferOutput<typeof AuthSlotStatus>;
