import { KheishError } from '@kheish/core-model';
import { percentDecoded } from './percent.ts';

const MAX_ID_LENGTH = 256;
const controlCharacter = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Where the parameters of a path pattern stand: index of the segment, and name. */
export type PathShape = readonly (readonly [number, string])[];

export function pathShape(pattern: string): PathShape {
  return pattern
    .split('/')
    .map((segment, index) => [index, segment] as const)
    .filter(([, segment]) => segment.startsWith('{'))
    .map(([index, segment]) => [index, segment.slice(1, -1)] as const);
}

/** The parameters of a path that the pattern matched. Throws `api/bad_request`. */
export function readPath(shape: PathShape, pathname: string): Record<string, string> {
  if (shape.length === 0) return {};
  const segments = pathname.split('/');
  return Object.fromEntries(
    shape.map(([index, name]) => {
      const value = percentDecoded(segments[index] ?? '', `The path parameter ${name}`);
      if (value === '' || value.length > MAX_ID_LENGTH || controlCharacter.test(value)) {
        throw new KheishError(
          'api/bad_request',
          `The path parameter ${name} has 1 to ${MAX_ID_LENGTH} characters and no control characters.`,
        );
      }
      return [name, value];
    }),
  );
}
