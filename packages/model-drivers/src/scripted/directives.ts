import { type ProblemCode, isProblemCode } from '@kheish/core-model';
import type { Task } from './conversation.ts';
import { reportOutcomes } from './outcome-report.ts';
import { type ScriptedCall, type ScriptedTurn, answerTurn } from './scripted-turn.ts';

/** The lines that begin with `scripted:`, without it. */
function directivesOf(text: string): string[] {
  return [...text.matchAll(/^[ \t]*scripted:[ \t]*(.*)$/gm)].map(([, directive = '']) =>
    directive.trim(),
  );
}

/** Milliseconds between two words; 0 unless `pause <ms> per word` says otherwise. */
export function pauseOf(task: Task): number {
  for (const directive of directivesOf(task.text)) {
    const pause = /^pause (\d+) per word$/.exec(directive);
    if (pause !== null) return Number(pause[1]);
  }
  return 0;
}

/** The turn that the directives prescribe; `undefined` where there are none. */
export function directedTurn(task: Task): ScriptedTurn | undefined {
  const directives = directivesOf(task.text);
  if (directives.length === 0) return undefined;
  const turns = turnsOf(directives);
  return turns[task.turns] ?? answerTurn(reportOutcomes(task.outcomes));
}

/** A call ends the turn, and `also` adds to it; what follows is the next turn. */
function turnsOf(directives: readonly string[]): ScriptedTurn[] {
  const turns: OpenTurn[] = [];
  let open: OpenTurn | undefined;
  for (const directive of directives) {
    if (open === undefined || (open.calls.length > 0 && !directive.startsWith('also '))) {
      open = { reasoning: '', text: '', calls: [] };
      turns.push(open);
    }
    obey(open, directive);
  }
  return turns.filter((turn) => turn.text !== '' || turn.reasoning !== '' || acts(turn));
}

type OpenTurn = { -readonly [Name in keyof ScriptedTurn]: ScriptedTurn[Name] } & {
  calls: ScriptedCall[];
};

function acts(turn: ScriptedTurn): boolean {
  return turn.calls.length > 0 || turn.fail !== undefined;
}

function obey(turn: OpenTurn, directive: string): void {
  const [verb = '', first = ''] = directive.split(/\s+/, 2);
  const rest = directive.slice(verb.length).trim();
  switch (verb) {
    case 'say':
      turn.text += words(rest);
      break;
    case 'reason':
      turn.reasoning += words(rest);
      break;
    case 'call':
    case 'also':
      turn.calls.push({ tool: first, args: rest.slice(first.length).trim() });
      break;
    case 'fail':
      turn.fail = failureOf(first);
      break;
    case 'pause':
      break;
    default:
      turn.text += `I do not know the directive "${directive}".\n`;
  }
}

/** `<n> words` is that many; anything else is the text itself. */
function words(text: string): string {
  const count = /^(\d+) words?$/.exec(text);
  if (count === null) return `${text}\n`;
  return `${Array.from({ length: Number(count[1]) }, (_, index) => `word${index + 1}`).join(' ')}\n`;
}

function failureOf(name: string): ProblemCode {
  const code = `models/${name}`;
  return isProblemCode(code) ? code : 'models/invalid_request';
}
