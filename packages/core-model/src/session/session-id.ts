import * as v from 'valibot';

const forbidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** A caller's own name for a session: 1 to 256 UTF-16 units, no control characters, not `.` or `..`. */
export const SessionId = v.pipe(
  v.string(),
  v.minLength(1, 'A session id is not empty.'),
  v.maxLength(256, 'A session id has at most 256 characters.'),
  v.check(
    (id) => !forbidden.test(id),
    'A session id has no control characters and is valid Unicode.',
  ),
  v.check((id) => id.trim() === id, 'A session id does not begin or end with white space.'),
  v.check((id) => id !== '.' && id !== '..', 'A session id is not "." or "..".'),
);
