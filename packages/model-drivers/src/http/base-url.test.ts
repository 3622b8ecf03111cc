import { describe, expect, test } from 'vitest';
import { completeBaseUrl } from './base-url.ts';

const OFFICIAL = 'https://api.example.com/v1';

describe('completeBaseUrl', () => {
  test.each([
    [undefined, OFFICIAL],
    ['https://api.example.com', OFFICIAL],
    ['https://api.example.com/', OFFICIAL],
    ['https://API.example.com:443', OFFICIAL],
    ['https://api.example.com/v2/', 'https://api.example.com/v2'],
    ['http://api.example.com', 'http://api.example.com'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['https://gateway.test/llm/v1', 'https://gateway.test/llm/v1'],
  ])('completes %s to %s', (configured, root) => {
    expect(completeBaseUrl(configured, OFFICIAL)).toBe(root);
  });

  test('refuses what is no URL, and nothing at all without an official root', () => {
    const problem = expect.objectContaining({ code: 'config/invalid_configuration' });
    expect(() => completeBaseUrl('not a url', OFFICIAL)).toThrow(problem);
    expect(() => completeBaseUrl(undefined, undefined)).toThrow(problem);
  });
});
