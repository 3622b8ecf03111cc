/** The words of a line, or why it is more than one simple command. */
export type SimpleCommand =
  | { readonly words: readonly string[]; readonly reason?: undefined }
  | { readonly words?: undefined; readonly reason: string };

/**
 * Reads a line of bash as one simple command: words, quoted or not, and nothing that the shell would expand, redirect,
 * assign or chain. What is not certain to be words is none. A library that reads all of the shell would be more to
 * trust: here each character that may stand unquoted is listed, and bash itself is the test's judge.
 */
export function parseSimpleCommand(line: string): SimpleCommand {
  // Bytes that bash uses for itself, and what has no UTF-8 form.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line) || !line.isWellFormed()) {
    return { reason: 'the line has control characters' };
  }
  const read = readWords(line);
  if (read.words === undefined) return read;
  const [program] = read.words;
  if (program === undefined) return { reason: 'the line has no command' };
  if (program === '') return { reason: 'the name of the command is empty' };
  if (reservedWords.has(program)) return { reason: `\`${program}\` is a word of the shell` };
  if (program.includes('=')) return { reason: 'the line sets a variable' };
  if (program.startsWith('%')) return { reason: 'the line names a job of the shell' };
  return read;
}

const reservedWords = new Set(
  `! [[ ]] { } case coproc do done elif else esac fi for function if in select then time until
  while`.split(/\s+/),
);

const blank = /[ \t]+/y;
const plain = /[\p{L}\p{M}\p{N}\p{S}_@%+:,./=-]/u;
const escaped = /\\([^\n])/uy;
const singleQuoted = /'([^']*)'/y;
const doubleQuoted = /"((?:[^"\\$`]|\\[^\n])*)"/y;

function readWords(line: string): SimpleCommand {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length;) {
    const piece = pieceAt(line, at);
    if (piece === undefined) return { reason: reasonAt(line, at) };
    at += piece.length;
    if (piece.text !== undefined) {
      word = (word ?? '') + piece.text;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return { words: word === undefined ? words : [...words, word] };
}

interface Piece {
  /** In the line. */
  readonly length: number;
  /** What it adds to a word; absent for what is between words. */
  readonly text?: string;
}

function pieceAt(line: string, at: number): Piece | undefined {
  const between = matchAt(blank, line, at);
  if (between !== undefined) return { length: between[0].length };
  const quoted = matchAt(singleQuoted, line, at) ?? matchAt(escaped, line, at);
  if (quoted !== undefined) return { length: quoted[0].length, text: quoted[1] ?? '' };
  const double = matchAt(doubleQuoted, line, at);
  if (double !== undefined) {
    return { length: double[0].length, text: (double[1] ?? '').replace(/\\(["\\$`])/g, '$1') };
  }
  const character = String.fromCodePoint(line.codePointAt(at) ?? 0);
  return plain.test(character) && !shellSymbols.includes(character)
    ? { length: character.length, text: character }
    : undefined;
}

function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line) ?? undefined;
}

/** Those of Unicode's symbols that mean something to a shell. */
const shellSymbols = '$`|<>~^';

function reasonAt(line: string, at: number): string {
  const character = String.fromCodePoint(line.codePointAt(at) ?? 0);
  if (character === '\n') return 'the line is several lines';
  if (character === "'" || character === '\\') return 'a quote is not closed';
  if (character === '"') {
    return /^"(?:[^"\\]|\\[^])*"/.test(line.slice(at))
      ? 'the shell expands what is in double quotes'
      : 'a quote is not closed';
  }
  return `\`${character}\` may mean something to the shell`;
}
