import { expect, test } from 'vitest';
import { withDefaultCommand } from './default-command.ts';

test.each([
  [[], ['serve']],
  [
    ['--bind', '127.0.0.1:0'],
    ['serve', '--bind', '127.0.0.1:0'],
  ],
  [
    ['--token', 't'],
    ['serve', '--token', 't'],
  ],
  [
    ['--output=json', '--bind', 'x'],
    ['serve', '--output=json', '--bind', 'x'],
  ],
])('%j means serve', (args, meant) => {
  expect(withDefaultCommand(args)).toEqual(meant);
});

test.each([
  [['status', '--bogus']],
  [['--output', 'json', 'status']],
  [['--base-url=http://x', '--token', '--odd-token', 'runs', 'list']],
  [['--help']],
  [['--token', 't', '-h']],
  [['-V']],
  [['sttus']],
])('%j is left as it is', (args) => {
  expect(withDefaultCommand(args)).toEqual(args);
});
