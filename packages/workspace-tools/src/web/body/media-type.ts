import { MIMEType } from 'node:util';

/** What a body is read as; `unknown` where its sender did not say. */
type BodyKind = 'html' | 'text' | 'binary' | 'unknown';

export interface MediaType {
  readonly kind: BodyKind;
  /** `type/subtype` in lower case, for people; undefined where there is none that can be read. */
  readonly essence?: string;
  readonly charset?: string;
}

const MAX_ESSENCE_CHARS = 100;
const html = new Set(['text/html', 'application/xhtml+xml']);
const textual =
  /^(?:text\/.*|.*\+(?:json|xml|yaml)|application\/(?:(?:x-)?(?:javascript|json|ndjson|sh|yaml)|ecmascript|graphql|jsonl|sql|toml|typescript|xml|x-www-form-urlencoded))$/;

/** Of a `Content-Type` header. */
export function mediaTypeOf(header: string | undefined): MediaType {
  try {
    const { essence, params } = new MIMEType(header ?? '');
    const kind = html.has(essence) ? 'html' : textual.test(essence) ? 'text' : 'binary';
    const charset = params.get('charset');
    return { kind, essence: essence.slice(0, MAX_ESSENCE_CHARS), ...(charset && { charset }) };
  } catch {
    return { kind: 'unknown' };
  }
}
