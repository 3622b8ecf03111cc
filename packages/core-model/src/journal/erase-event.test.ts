import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { digestOfText } from '../digest/digest.ts';
import { type Body, eraseBody } from '../message/body.ts';
import { runEvents, sampleEvents } from '../testing/sample-events.ts';
import { eraseEvent } from './erase-event.ts';
import { DomainEvent } from './events.ts';

describe('erasing', () => {
  test.each(sampleEvents.map((event) => [event.type, event] as const))(
    '%s leaves nothing that was said, in a valid event',
    (_, event) => {
      const erased = eraseEvent(event);
      expect(JSON.stringify(erased)).not.toContain('said');
      expect(v.parse(DomainEvent, erased)).toEqual(erased);
      expect(erased.type).toBe(event.type);
      expect(eraseEvent(erased)).toEqual(erased);
      expect(JSON.parse(JSON.stringify(erased))).toStrictEqual(erased);
    },
  );

  test('keeps who, when, what for and how much', () => {
    expect(eraseEvent(runEvents.settled)).toMatchObject({
      action_id: 'action_1',
      outcome: 'succeeded',
      usage: { input_tokens: 10 },
      error: { domain: 'models', code: 'refused' },
      message: {
        parts: [
          { type: 'reasoning', text: { erased: digestOfText('said inside') } },
          { type: 'text', text: { erased: digestOfText('said by the model'), bytes: 17 } },
          { type: 'tool_call', tool_call_id: 'c1', tool_name: 'erased' },
          { type: 'tool_call', tool_call_id: 'c2', tool_name: 'erased' },
        ],
      },
    });
  });

  test('takes the preview of what was asked too', () => {
    expect(eraseEvent(runEvents.accepted).request).toMatchObject({
      text_preview: '',
      content: { erased: digestOfText('said by the user'), bytes: 16 },
    });
  });

  test('keeps an empty thought as an erased one', () => {
    const message = { ...runEvents.settled.message, parts: [{ type: 'reasoning', text: '' }] };
    const erased = eraseEvent({ ...runEvents.settled, message } as DomainEvent);
    expect(erased).toMatchObject({ message: { parts: [{ text: eraseBody('') }] } });
  });
});

describe('an erased body', () => {
  const hex = fc.stringMatching(/^[0-9a-f]{64}$/).map((digits) => `sha256:${digits}` as const);
  const body: fc.Arbitrary<Body> = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.record({ blob: hex, bytes: fc.nat() }),
    fc.record({ erased: hex, bytes: fc.nat() }),
  );

  test('is erased once and for all', () => {
    fc.assert(
      fc.property(body, (text) => {
        expect(eraseBody(eraseBody(text))).toEqual(eraseBody(text));
      }),
    );
  });

  test('has the digest and the size in bytes of what stood there', () => {
    expect(eraseBody('é€🙂')).toEqual({ erased: digestOfText('é€🙂'), bytes: 9 });
    const blob = digestOfText('long');
    expect(eraseBody({ blob, bytes: 4 })).toEqual({ erased: blob, bytes: 4 });
  });
});
