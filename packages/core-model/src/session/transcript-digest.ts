import { type Digest, digestOfJson, digestOfText } from '../digest/digest.ts';
import { type Message, eraseMessage } from '../message/message.ts';

/**
 * The digest of a transcript with one message more: SHA-256 of the digest before (nothing at first), a line feed, and the
 * digest of the message. The message's own is that of its input or of what an action answered, as events carry them;
 * others have that of their erased form. So it is the same after a session was erased.
 */
export function transcriptDigest(before: Digest | undefined, message: Digest | Message): Digest {
  const own = typeof message === 'string' ? message : digestOfJson(eraseMessage(message));
  return digestOfText(`${before ?? ''}\n${own}`);
}
