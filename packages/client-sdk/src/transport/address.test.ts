import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressOf, encodeSegment, normalizeBaseUrl } from './address.ts';

describe('encodeSegment', () => {
  test('leaves only letters, digits, "-", "_" and "~" bare, and can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
        fc.pre(value !== '.' && value !== '..');
        const encoded = encodeSegment('id', value);
        expect(encoded).toMatch(/^(?:[A-Za-z0-9\-_~]|%[0-9A-F]{2})+$/);
        expect(decodeURIComponent(encoded)).toBe(value);
      }),
    );
  });

  test('survives the URL parser', () => {
    const url = new URL(`http://x/v1/${encodeSegment('id', 'a/../b?c#d.e')}/z`);
    expect(url.pathname).toBe('/v1/a%2F%2E%2E%2Fb%3Fc%23d%2Ee/z');
  });

  test.each(['', '.', '..', '\ud800'])(
    'refuses %j, which would address something else',
    (value) => {
      expect(() => encodeSegment('id', value)).toThrow(
        expect.objectContaining({ code: 'api/bad_request' }),
      );
    },
  );
});

describe('addressOf', () => {
  test('fills the path and leaves absent query fields out', () => {
    const address = addressOf(
      'listRunEvents',
      { run_id: 'a b' },
      { limit: '2', cursor: undefined },
    );
    expect(address).toBe('/v1/runs/a%20b/events?limit=2');
  });

  test('refuses a missing path parameter', () => {
    expect(() => addressOf('getRun', {}, {})).toThrow(/run_id/);
  });
});

describe('normalizeBaseUrl', () => {
  test.each([
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
    ['http://127.0.0.1:4000//', 'http://127.0.0.1:4000'],
    ['https://host/prefix/?q#f', 'https://host/prefix'],
  ])('%s is %s', (given, normal) => {
    expect(normalizeBaseUrl(given)).toBe(normal);
  });

  test.each(['127.0.0.1:4000', 'ftp://host', '', 'http://'])('refuses %j', (given) => {
    expect(() => normalizeBaseUrl(given)).toThrow(
      expect.objectContaining({ code: 'config/invalid_configuration' }),
    );
  });
});
