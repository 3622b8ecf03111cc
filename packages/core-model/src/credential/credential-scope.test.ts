import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import {
  CredentialScope,
  type ScopedKind,
  canonicalScope,
  isInScope,
  restrictScope,
} from './credential-scope.ts';

const kinds: readonly ScopedKind[] = ['route', 'connector', 'connector_credential', 'mcp_server'];

/** Few, so that lists overlap. Each is as good a name of a credential. */
const names = ['a:K', 'b:K', 'c:K'];
const list = fc.array(fc.constantFrom(...names, '*'), { maxLength: 4 });
const scopes = fc.record(
  Object.fromEntries(
    kinds.flatMap((kind) => [`${kind}_allow`, `${kind}_deny`]).map((n) => [n, list]),
  ),
  { requiredKeys: [] },
) as fc.Arbitrary<CredentialScope>;

/** All that a scope lets be used. `d:K` stands for whatever nobody names. */
function usable(scope: CredentialScope | undefined): string[] {
  return kinds.flatMap((kind) =>
    [...names, 'd:K']
      .filter((name) => isInScope(scope, kind, name))
      .map((name) => `${kind} ${name}`),
  );
}

describe('two scopes together', () => {
  test('let be used what each of them does, and nothing else [holds credentials.scope_never_widens]', () => {
    fc.assert(
      fc.property(scopes, scopes, (one, other) => {
        const both = usable(other);
        const expected = usable(one).filter((use) => both.includes(use));
        expect(usable(restrictScope(one, other))).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test('are the same whichever is first, however they are grouped, and twice as once', () => {
    fc.assert(
      fc.property(scopes, scopes, scopes, (a, b, c) => {
        expect(restrictScope(a, b)).toEqual(restrictScope(b, a));
        expect(restrictScope(restrictScope(a, b), c)).toEqual(
          restrictScope(a, restrictScope(b, c)),
        );
        expect(restrictScope(a, a)).toEqual(canonicalScope(a));
        expect(restrictScope(a, {})).toEqual(canonicalScope(a));
      }),
      { numRuns: 1_000 },
    );
  });

  test('that allow different things allow nothing', () => {
    const both = restrictScope({ route_allow: ['main'] }, { route_allow: ['other'] });
    expect(both).toEqual({ route_allow: [] });
    expect(isInScope(both, 'route', 'main')).toBe(false);
  });
});

test('the canonical form of a scope means the same, and is its own', () => {
  fc.assert(
    fc.property(scopes, (scope) => {
      const canonical = canonicalScope(scope);
      expect(usable(canonical)).toEqual(usable(scope));
      expect(canonicalScope(canonical)).toEqual(canonical);
      expect(v.parse(CredentialScope, canonical)).toEqual(canonical);
    }),
  );
});

test.each([
  [undefined, true],
  [{}, true],
  [{ route_allow: ['*'] }, true],
  [{ route_allow: ['main'] }, true],
  [{ route_allow: ['mai*'] }, false],
  [{ route_allow: ['Main'] }, false],
  [{ route_allow: [] }, false],
  [{ route_deny: ['main'] }, false],
  [{ route_deny: ['*'] }, false],
  [{ route_deny: ['other'] }, true],
  [{ route_deny: [] }, true],
  [{ route_allow: ['main'], route_deny: ['main'] }, false],
  [{ connector_allow: [], mcp_server_allow: [] }, true],
])('with %j the route "main" may be used: %s', (scope, expected) => {
  expect(isInScope(scope, 'route', 'main')).toBe(expected);
});

test.each([
  [{}, true],
  [{ connector_allow: ['mail'] }, false],
  [{ connector_allow: ['*'] }, false],
  [{ connector_deny: ['chat'] }, false],
  [{ connector_deny: [] }, true],
  [{ connector_allow: ['mail'], connector_credential_allow: ['mail:KEY'] }, true],
  [{ connector_allow: ['mail'], connector_credential_allow: ['*'] }, true],
  [{ connector_allow: ['mail'], connector_credential_allow: ['mail:OTHER'] }, false],
  [{ connector_credential_deny: ['mail:KEY'] }, false],
])('with %j the credential "mail:KEY" may be used: %s', (scope, expected) => {
  expect(isInScope(scope, 'connector_credential', 'mail:KEY')).toBe(expected);
});

test.each([
  [{ route_allow: [''] }],
  [{ route_allow: [' main'] }],
  [{ route_allow: 'main' }],
  [{ route_allow: null }],
  [{ routes_allow: [] }],
  [{ connector_credential_allow: ['KEY'] }],
  [{ connector_credential_allow: [':KEY'] }],
])('%j is no scope', (scope) => {
  expect(v.is(CredentialScope, scope)).toBe(false);
});
