import { KheishError } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { secondLook } from './second-look.ts';

const gone = () => new KheishError('storage/corrupt', 'The text is not in the store any more.');

test('reads again where a text was gone', async () => {
  const answers = [() => Promise.reject(gone()), () => Promise.resolve('erased')];
  await expect(secondLook(() => answers.shift()?.() ?? Promise.reject(gone()))).resolves.toBe(
    'erased',
  );
});

test('a text that stays gone, and any other fault, are what they are', async () => {
  await expect(secondLook(() => Promise.reject(gone()))).rejects.toMatchObject({
    code: 'storage/corrupt',
  });
  let reads = 0;
  const refused = secondLook(() => {
    reads += 1;
    return Promise.reject(new KheishError('sessions/session_not_found', 'There is none.'));
  });
  await expect(refused).rejects.toMatchObject({ code: 'sessions/session_not_found' });
  expect(reads).toBe(1);
});
