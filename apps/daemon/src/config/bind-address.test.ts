import { expect, test } from 'vitest';
import { parseBind } from './bind-address.ts';

test.each([
  ['127.0.0.1:4000', '127.0.0.1', 4000],
  ['localhost:0', 'localhost', 0],
  ['[::1]:65535', '[::1]', 65_535],
  ['[::ffff:127.0.0.1]:80', '[::ffff:127.0.0.1]', 80],
  ['my-host.example:4000', 'my-host.example', 4000],
])('%s is a host and a port', (text, host, port) => {
  expect(parseBind(text)).toEqual({ host, port });
});

test.each([
  '',
  '4000',
  ':4000',
  'localhost',
  'localhost:',
  'localhost:http',
  'localhost:-1',
  'localhost:65536',
  'localhost:123456',
  '::1:4000',
  '[::1]',
  '[::1:4000',
  '[x]:1',
  'http://localhost:4000',
  'a b:1',
  'localhost:4000 ',
  ' localhost:4000',
  'localhost:1:2',
])('"%s" is refused, with an example', (text) => {
  expect(() => parseBind(text)).toThrow(
    expect.objectContaining({
      code: 'config/invalid_configuration',
      message: `--bind "${text}" is not host:port, for example 127.0.0.1:4000.`,
    }),
  );
});
