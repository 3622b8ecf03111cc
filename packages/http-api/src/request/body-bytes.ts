import type { IncomingMessage } from 'node:http';
import { KheishError } from '@kheish/core-model';

export function hasBody(headers: IncomingMessage['headers']): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Reads a body and counts while reading: a declared length is not trusted. Throws `api/payload_too_large`. */
export function readBytes(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new KheishError('api/payload_too_large', `The body is larger than ${limit} bytes.`);
  if (Number(incoming.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (end: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut);
      end();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > limit) settle(() => reject(tooLarge()));
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(chunks, size)));
    const onCut = () =>
      settle(() => reject(new KheishError('api/bad_request', 'The body ended before its time.')));
    incoming.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut);
  });
}
