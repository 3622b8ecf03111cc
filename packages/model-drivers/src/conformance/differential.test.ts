import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { networkDrivers } from '../testing/drivers-under-test.ts';
import { theirs } from '../testing/official-sdks.ts';
import { type Told, byteByByte, inTwo, ours, recordingsOf } from '../testing/ours-and-theirs.ts';

/** Our driver hears every split; the SDK, which takes several times as long and is not under test, one in so many. */
const STRIDE = Number(process.env['SDK_STRIDE'] ?? 29);

type Hear = (chunks: readonly Uint8Array[]) => Promise<Told>;

/** Where the bytes may not be split, because something else is heard then. */
async function differences(bytes: Uint8Array, told: Told, hear: Hear, stride = 1) {
  const places: number[] = [];
  for (let at = 1; at < bytes.length; at += stride) {
    if (!isDeepStrictEqual(await hear(inTwo(bytes, at)), told)) places.push(at);
  }
  return places;
}

describe.each(networkDrivers)('%s hears what the official SDK hears', (name) => {
  test.each(recordingsOf(name))(
    'in %s, wherever its bytes are split [holds models.like_official]',
    async (_file, bytes) => {
      const our = await ours(name);
      const their: Hear = (chunks) => theirs(name, chunks);
      const told = await their([bytes]);
      expect(told.failed ?? told.stop).toBeDefined();
      expect(await our([bytes])).toEqual(told);
      expect(await our(byteByByte(bytes))).toEqual(told);
      expect(await their(byteByByte(bytes))).toEqual(told);
      expect(await differences(bytes, told, our)).toEqual([]);
      expect(await differences(bytes, told, their, STRIDE)).toEqual([]);
    },
  );
});
