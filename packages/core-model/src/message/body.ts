import * as v from 'valibot';
import { DigestText, digestOfText } from '../digest/digest.ts';

/** Texts up to this many UTF-8 bytes stand in the event; longer ones are blobs. */
export const INLINE_BODY_BYTES = 16_384;

/** A text that stands elsewhere, named by its digest. */
export const BlobRef = v.strictObject({ blob: DigestText, bytes: v.number() });
export type BlobRef = v.InferOutput<typeof BlobRef>;

/** A text that was erased; the digest stays so that records about it can still be checked. */
export const ErasedBody = v.strictObject({ erased: DigestText, bytes: v.number() });
export type ErasedBody = v.InferOutput<typeof ErasedBody>;

/** A text as events and tables carry it. */
export const Body = v.union([v.string(), BlobRef, ErasedBody]);
export type Body = v.InferOutput<typeof Body>;

export function isBlobRef(body: Body): body is BlobRef {
  return typeof body === 'object' && 'blob' in body;
}

/** The body without its text. Erasing twice changes nothing. */
export function eraseBody(body: Body): ErasedBody {
  if (typeof body === 'string') {
    return { erased: digestOfText(body), bytes: new TextEncoder().encode(body).length };
  }
  return isBlobRef(body) ? { erased: body.blob, bytes: body.bytes } : body;
}
