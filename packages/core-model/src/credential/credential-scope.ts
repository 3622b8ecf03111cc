import * as v from 'valibot';

const listOf = (form: RegExp, message: string) =>
  v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.maxLength(300), v.regex(form, message))),
      v.maxLength(1_000),
    ),
  );

const names = listOf(/^\S(.*\S)?$/, 'A name has no blanks around it, and is not empty.');
const keys = listOf(
  /^(\*|[^\s:][^:]*:\S+)$/,
  'A credential of a connector is "connector:ENV_KEY", or "*".',
);

/**
 * Which routes, connectors and servers may be used, with their credentials. Of an allow-list absent means any, a list
 * those, and `[]` none. What is denied is denied whatever is allowed. A name is meant exactly; a lone `*` means all.
 * Who names connectors and none of their credentials gets none of these.
 */
export const CredentialScope = v.strictObject({
  route_allow: names,
  route_deny: names,
  connector_allow: names,
  connector_deny: names,
  /** Entries `connector:ENV_KEY`. */
  connector_credential_allow: keys,
  connector_credential_deny: keys,
  mcp_server_allow: names,
  mcp_server_deny: names,
});
export type CredentialScope = v.InferOutput<typeof CredentialScope>;

export type ScopedKind = 'route' | 'connector' | 'connector_credential' | 'mcp_server';

const kinds: readonly ScopedKind[] = ['route', 'connector', 'connector_credential', 'mcp_server'];

/** The one form of all scopes that mean the same: lists in order, what says nothing left out, what is implied said. */
export function canonicalScope(scope: CredentialScope): CredentialScope {
  const connectors = collapsed(scope.connector_allow);
  const isScoped = !isAny(connectors) || (scope.connector_deny ?? []).length > 0;
  const lists = kinds.flatMap((kind) => {
    const allow = collapsed(scope[`${kind}_allow`] ?? impliedAllow(scope, kind));
    const deny = collapsed(scope[`${kind}_deny`]);
    // Where connectors are scoped it takes a word to have all of their credentials.
    const speaks = !isAny(allow) || (kind === 'connector_credential' && isScoped);
    return [
      [`${kind}_allow`, speaks ? allow : undefined],
      [`${kind}_deny`, deny?.length === 0 ? undefined : deny],
    ] as const;
  });
  return Object.fromEntries(lists.filter(([, list]) => list !== undefined)) as CredentialScope;
}

/** What both allow, and neither denies. */
export function restrictScope(one: CredentialScope, other: CredentialScope): CredentialScope {
  const [a, b] = [canonicalScope(one), canonicalScope(other)];
  const lists = kinds.flatMap(
    (kind) =>
      [
        [`${kind}_allow`, both(a[`${kind}_allow`], b[`${kind}_allow`])],
        [`${kind}_deny`, [...(a[`${kind}_deny`] ?? []), ...(b[`${kind}_deny`] ?? [])]],
      ] as const,
  );
  return canonicalScope(
    Object.fromEntries(lists.filter(([, list]) => list !== undefined)) as CredentialScope,
  );
}

/** Whether a scope lets something be used; without a scope everything may be. */
export function isInScope(
  scope: CredentialScope | undefined,
  kind: ScopedKind,
  name: string,
): boolean {
  if (scope === undefined) return true;
  const allow = scope[`${kind}_allow`] ?? impliedAllow(scope, kind);
  if (isNamed(scope[`${kind}_deny`] ?? [], name)) return false;
  return allow === undefined || isNamed(allow, name);
}

/** Who scopes connectors without a word of their credentials has none of these. */
function impliedAllow(scope: CredentialScope, kind: ScopedKind): readonly string[] | undefined {
  const { connector_allow: allow, connector_deny: deny = [] } = scope;
  const isScoped = allow !== undefined || deny.length > 0;
  return kind === 'connector_credential' && isScoped ? [] : undefined;
}

function isNamed(list: readonly string[], name: string): boolean {
  return list.includes('*') || list.includes(name);
}

function isAny(allow: readonly string[] | undefined): boolean {
  return allow === undefined || allow.includes('*');
}

function collapsed(list: readonly string[] | undefined): string[] | undefined {
  if (list === undefined) return undefined;
  return list.includes('*') ? ['*'] : [...new Set(list)].toSorted();
}

function both(one: string[] | undefined, other: string[] | undefined): string[] | undefined {
  if (one === undefined || one.includes('*')) return other ?? one;
  if (other === undefined || other.includes('*')) return one;
  return one.filter((name) => other.includes(name));
}
