import { createRedactor } from '@kheish/auth-store';
import { beforeEach, expect, test, vi } from 'vitest';
import { createLog } from './daemon-log.ts';

const secret = 'sk-canary-"quoted"-4242';
let written: string;

beforeEach(() => {
  written = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});

test.each(['json', 'pretty'] as const)(
  'no line of %s shows a known secret, wherever it stands',
  async (format) => {
    const redactor = createRedactor();
    redactor.add(secret);
    const log = await createLog({ format, level: 'info', redactor });
    log.info({ nested: { key: secret } }, `said ${secret}`);
    log.error({ err: new Error(`failed with ${secret}`) }, 'failed');
    log.warn({ encoded: Buffer.from(secret).toString('base64') }, 'encoded');
    expect(written).toContain('[redacted]');
    expect(written).not.toContain('canary');
    expect(written).not.toContain(Buffer.from(secret).toString('base64'));
  },
);

test('JSON has a line an entry, with level, time, facts and message, from the level on', async () => {
  const log = await createLog({ format: 'json', level: 'warn', redactor: createRedactor() });
  log.info({}, 'unheard');
  log.warn({ fact: 1 }, 'heard');
  const lines = written
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toEqual([{ level: 40, time: expect.any(Number), fact: 1, msg: 'heard' }]);
});

test('a secret that is told later is kept out from then on', async () => {
  const redactor = createRedactor();
  const log = await createLog({ format: 'json', level: 'info', redactor });
  redactor.add(secret);
  log.info({}, `later ${secret}`);
  expect(written).toContain('later [redacted]');
});
