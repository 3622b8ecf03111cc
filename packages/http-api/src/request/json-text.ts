import { type Json, type JsonObject, KheishError } from '@kheish/core-model';

/** All but quotes, back-slashes and what is below the space (RFC 8259 section 7). */
const plainRun = /[ !#-[\]-\uffff]*/y;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const whiteSpace = /[ \t\n\r]*/y;
const literals: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
/** Names that change an object's prototype or pass for its class in careless code. */
const refusedKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads one JSON text (RFC 8259) that means the same to every reader: duplicate keys, lone surrogates and numbers
 * beyond a double are refused. Throws `api/bad_request` with a position, never with content.
 */
export function parseJson(text: string, maxDepth: number): Json {
  return new JsonReader(text, maxDepth).document();
}

class JsonReader {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  document(): Json {
    const value = this.#value(0);
    this.#skipWhiteSpace();
    if (this.#at < this.#text.length) throw this.#refusal('unexpected character');
    return value;
  }

  #value(depth: number): Json {
    this.#skipWhiteSpace();
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth + 1);
    if (first === '[') return this.#array(depth + 1);
    if (first === '"') return this.#string();
    const literal = literals.find(([word]) => this.#text.startsWith(word, this.#at));
    if (literal === undefined) return this.#number();
    this.#at += literal[0].length;
    return literal[1];
  }

  #object(depth: number): JsonObject {
    this.#enter(depth);
    const object: JsonObject = {};
    if (this.#took('}')) return object;
    do {
      this.#skipWhiteSpace();
      const start = this.#at;
      const key = this.#string();
      if (refusedKeys.has(key)) throw this.#refusal('a key that is not allowed', start);
      if (Object.hasOwn(object, key)) throw this.#refusal('a key that was given before', start);
      if (!this.#took(':')) throw this.#refusal('expected ":"');
      object[key] = this.#value(depth);
    } while (this.#took(','));
    if (!this.#took('}')) throw this.#refusal('expected "," or "}"');
    return object;
  }

  #array(depth: number): Json[] {
    this.#enter(depth);
    const array: Json[] = [];
    if (this.#took(']')) return array;
    do array.push(this.#value(depth));
    while (this.#took(','));
    if (!this.#took(']')) throw this.#refusal('expected "," or "]"');
    return array;
  }

  #enter(depth: number): void {
    if (depth > this.#maxDepth) throw this.#refusal(`deeper than ${this.#maxDepth} levels`);
    this.#at += 1;
  }

  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') throw this.#refusal('expected a string');
    this.#at += 1;
    let escaped = false;
    this.#match(plainRun);
    while (this.#text[this.#at] === '\\') {
      escaped = true;
      if (!this.#match(escapeSequence)) throw this.#refusal('an escape that JSON does not have');
      this.#match(plainRun);
    }
    if (this.#text[this.#at] !== '"') throw this.#refusal('unexpected character in a string');
    this.#at += 1;
    const value = escaped
      ? (JSON.parse(this.#text.slice(start, this.#at)) as string)
      : this.#text.slice(start + 1, this.#at - 1);
    if (!value.isWellFormed()) throw this.#refusal('a lone surrogate in a string', start);
    return value;
  }

  #number(): number {
    const start = this.#at;
    if (!this.#match(numberToken)) throw this.#refusal('unexpected character');
    const value = Number(this.#text.slice(start, this.#at));
    if (!Number.isFinite(value)) throw this.#refusal('a number out of range', start);
    return value;
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #skipWhiteSpace(): void {
    this.#match(whiteSpace);
  }

  #took(character: string): boolean {
    this.#skipWhiteSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #refusal(reason: string, at = this.#at): KheishError {
    const what = at >= this.#text.length ? 'unexpected end' : reason;
    return new KheishError(
      'api/bad_request',
      `The body is not accepted: ${what} at position ${at}.`,
    );
  }
}
