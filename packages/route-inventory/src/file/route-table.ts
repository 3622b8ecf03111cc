import { Price, SlotId } from '@kheish/core-model';
import * as v from 'valibot';
import { baseUrlRefusal } from '../base-url.ts';
import { capabilityNames, driverTraits, routeDrivers, type RouteDriver } from '../driver.ts';

/** One line that can be sent as a header: not blank, no control characters. */
export function lineRefusal(text: string): string | undefined {
  if (text.trim() === '') return 'not blank';
  return /\p{Cc}/u.test(text) ? 'one line without control characters' : undefined;
}

function line(name: string) {
  return v.optional(
    v.pipe(
      v.string(`${name} is a text`),
      v.check((text) => lineRefusal(text) === undefined, `${name} is one line and not blank`),
    ),
  );
}

const overrides = Object.fromEntries(
  capabilityNames.map((name) => [name, v.optional(v.boolean(`${name} is true or false`))]),
) as Record<(typeof capabilityNames)[number], v.OptionalSchema<v.BooleanSchema<string>, undefined>>;

/** A `[routes.<id>]` table. Every message is ours alone: valibot's own ones repeat the value. */
export const RouteTable = v.strictObject({
  driver: v.picklist(routeDrivers, `the driver is one of ${routeDrivers.join(', ')}`),
  default_model: line('default_model'),
  model_support: v.optional(v.picklist(['family', 'any'], 'model_support is family or any')),
  auth_ref: v.optional(
    v.custom<string>((ref) => v.is(SlotId, ref), 'auth_ref is not the name of a secret'),
  ),
  api_key: line('api_key'),
  api_key_env: line('api_key_env'),
  base_url: v.optional(
    v.pipe(
      v.string('base_url is a text'),
      v.check(
        (text) => baseUrlRefusal(text) === undefined,
        (issue) => `base_url is ${baseUrlRefusal(issue.input)}`,
      ),
    ),
  ),
  organization: line('organization'),
  organization_env: line('organization_env'),
  project: line('project'),
  project_env: line('project_env'),
  anthropic_version: line('anthropic_version'),
  anthropic_beta_headers: v.optional(
    v.array(
      v.pipe(
        v.string('anthropic_beta_headers is a list of texts'),
        v.check(
          (text) => lineRefusal(text) === undefined,
          'each of anthropic_beta_headers is one line and not blank',
        ),
      ),
      'anthropic_beta_headers is a list of texts',
    ),
  ),
  system_prompt: v.optional(
    v.pipe(
      v.string('system_prompt is a text'),
      v.check((text) => text.trim() !== '', 'system_prompt is not blank'),
    ),
  ),
  context_window: v.optional(
    v.pipe(
      v.number('context_window is a number of tokens'),
      v.integer('context_window is a whole number of tokens'),
      v.minValue(1_000, 'context_window is at least 1000 tokens'),
    ),
  ),
  prices: v.optional(
    v.record(
      v.string(),
      v.custom<v.InferOutput<typeof Price>>(
        (price) => v.is(Price, price),
        'a price has input, output and perhaps cached_input: US dollars for a million tokens',
      ),
      'prices is a table of models',
    ),
  ),
  ...overrides,
});
export type RouteTable = v.InferOutput<typeof RouteTable>;
export type RouteKey = keyof RouteTable;

/** Keys of the reference's file that stand for features of later builds. */
export const laterKeys: readonly string[] = [
  'openai_auth_source',
  'openai_auth_file',
  'anthropic_auth_source',
  'anthropic_credentials_file',
];

const keyed = routeDrivers.filter((driver) => driverTraits[driver].credential !== 'none');
const openai: readonly RouteDriver[] = ['openai', 'openai_compatible'];

/** Keys that only some drivers heed; elsewhere they are refused. */
export const driversOfKey: Partial<Record<RouteKey, readonly RouteDriver[]>> = {
  auth_ref: keyed,
  api_key: keyed,
  api_key_env: keyed,
  base_url: keyed,
  organization: openai,
  organization_env: openai,
  project: openai,
  project_env: openai,
  anthropic_version: ['anthropic'],
  anthropic_beta_headers: ['anthropic'],
};

/** Of each group a table may have one. */
export const exclusiveKeys: readonly (readonly RouteKey[])[] = [
  ['auth_ref', 'api_key', 'api_key_env'],
  ['organization', 'organization_env'],
  ['project', 'project_env'],
];
