/** Text of others on a terminal: what could move the cursor or change colours is left out. */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (char) =>
    char === '\n' || char === '\t' || char === '\u200d' ? char : '',
  );
}

/** The same on one line of at most `most` characters. */
export function oneLine(text: string, most = 100): string {
  const line = plainText(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** Text of others that a person decides on: what a terminal would hide or act upon is spelled out. */
export function visibleText(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}
