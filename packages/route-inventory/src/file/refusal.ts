import { KheishError } from '@kheish/core-model';
import { positionOf, type Position } from './position.ts';

/** Ends the reading of a routes file with a sentence about the value at `path`. */
export type Refuse = (path: readonly string[], sentence: string) => never;

/**
 * The error says where and what is wrong, and never repeats a byte of the file: a key may stand anywhere,
 * also where a name was expected. For the same reason it has no cause.
 */
export function invalidRoutesFile(file: string, at: Position, sentence: string): KheishError {
  return new KheishError(
    'routes/invalid_routes_file',
    `${file}, line ${at.line}, column ${at.column}: ${sentence}.`,
  );
}

export function refuseIn(file: string, text: string): Refuse {
  return (path, sentence) => {
    throw invalidRoutesFile(file, positionOf(text, path), sentence);
  };
}
