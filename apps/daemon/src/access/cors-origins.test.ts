import { describe, expect, test } from 'vitest';
import { checkCorsOrigins } from './cors-origins.ts';

describe('an allowed origin', () => {
  test.each([
    'http://localhost',
    'http://localhost:5173',
    'https://localhost:8443',
    'http://127.0.0.1:3000',
    'https://[::1]:1',
  ])('%s', (origin) => {
    expect(() => checkCorsOrigins([origin, 'http://localhost'])).not.toThrow();
  });
});

describe('no origin of this machine, or not exactly one', () => {
  test.each([
    '',
    '*',
    'null',
    'localhost',
    'localhost:5173',
    '//localhost',
    'http://*',
    'http://*.localhost',
    'http://localhost:*',
    'http://localhost/',
    'http://localhost/app',
    'http://localhost?x',
    'http://localhost#x',
    'http://user@localhost',
    'http://user:password@localhost',
    'http://localhost:80',
    'https://localhost:443',
    'http://localhost:99999',
    'http://localhost:x',
    'HTTP://localhost',
    'http://LOCALHOST',
    ' http://localhost',
    'http://localhost ',
    'http://localhost.',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://127.0.0.1.nip.io',
    'http://example.com#localhost',
    'http://localhost@example.com',
    'http://127.1',
    'http://127.0.0.2',
    'http://0.0.0.0',
    'http://2130706433',
    'http://0x7f.0.0.1',
    'http://[::]',
    'http://[::ffff:127.0.0.1]',
    'http://[0:0:0:0:0:0:0:1]',
    'http://lоcalhost',
    'http://192.168.1.5:3000',
    'https://example.com',
    'file://localhost',
    'ws://localhost',
    'chrome-extension://localhost',
    'javascript:alert(1)',
    'http://localhost,http://evil.example',
  ])('%j', (origin) => {
    expect(() => checkCorsOrigins(['http://localhost', origin])).toThrow(
      expect.objectContaining({
        code: 'config/invalid_configuration',
        message: expect.stringContaining(JSON.stringify(origin)),
      }),
    );
  });
});
