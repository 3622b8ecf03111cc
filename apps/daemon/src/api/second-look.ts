import { KheishError } from '@kheish/core-model';

/**
 * Reads again where a text was gone: its session was erased between the read of its row and that of the text, and
 * the second look sees the erased row.
 */
export async function secondLook<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof KheishError && error.code === 'storage/corrupt') return read();
    throw error;
  }
}
