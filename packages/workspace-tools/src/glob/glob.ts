import { RE2JS } from 're2js';
import { classEnd, translateClass } from './character-class.ts';
import { expandBraces, invalidGlob } from './expand-braces.ts';

export interface Glob {
  /** Whether a relative path with `/` matches as a whole. */
  matches(path: string): boolean;
  /** Names below the start that a match can have at most; undefined where `**` leaves it open. */
  readonly maxDepth: number | undefined;
}

/** `*` `?` `[..]` within a name, `**` for any number of directories, `{a,b}`; dots are not special. */
export function parseGlob(pattern: string): Glob {
  if (pattern.startsWith('!')) throw invalidGlob('a leading ! is not supported; escape it as \\!');
  const alternatives = expandBraces(pattern).map(segmentsOf);
  const source = alternatives.map(translateSegments).join('|');
  const compiled = compile(`(?s:${source})`);
  const open = alternatives.some((segments) => segments.includes('**'));
  return {
    matches: (path) => compiled.testExact(path),
    maxDepth: open ? undefined : Math.max(...alternatives.map((segments) => segments.length)),
  };
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (thrown) {
    throw invalidGlob(thrown instanceof Error ? thrown.message : 'cannot be translated');
  }
}

function segmentsOf(alternative: string): string[] {
  if (alternative.startsWith('/')) {
    throw invalidGlob('it is matched below `path`, so it must not begin with /');
  }
  const segments = splitSegments(alternative).filter((segment) => segment !== '.');
  if (segments.includes('..')) throw invalidGlob('.. is not matched; give the directory as `path`');
  if (segments.includes('')) throw invalidGlob('a name between slashes is empty');
  return segments;
}

/** Splits at slashes outside classes; a slash inside one is a member that matches nothing. */
function splitSegments(alternative: string): string[] {
  const segments: string[] = [];
  let from = 0;
  for (let at = 0; at < alternative.length; at += 1) {
    const character = alternative[at];
    if (character === '\\' && alternative[at + 1] !== '/') at += 1;
    else if (character === '[') at = classEnd(alternative, at);
    else if (character === '/') {
      segments.push(alternative.slice(from, at));
      from = at + 1;
    }
  }
  return [...segments, alternative.slice(from)];
}

function translateSegments(segments: readonly string[]): string {
  let source = '';
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === '**') source += last ? '.+' : '(?:[^/]+/)*';
    else source += translateSegment(segment) + (last ? '' : '/');
  });
  return source;
}

function translateSegment(segment: string): string {
  let source = '';
  for (let at = 0; at < segment.length; at += 1) {
    const character = segment.charAt(at);
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = classEnd(segment, at);
      source += translateClass(segment.slice(at + 1, end));
      at = end;
    } else if (character === '\\') {
      at += 1;
      if (at === segment.length) throw invalidGlob('it ends in the middle of an escape');
      source += RE2JS.quote(segment.charAt(at));
    } else source += RE2JS.quote(character);
  }
  return source;
}
