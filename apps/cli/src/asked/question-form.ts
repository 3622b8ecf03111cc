import type {
  QuestionAnswer,
  QuestionResolution,
  UserQuestion,
  UserQuestionRequest,
} from '@kheish/client-sdk';
import { plainText } from '../output/plain-text.ts';
import type { Form, Taken } from './form.ts';

/** Takes the number of an option, several where several may be chosen, words, or `/decline`; question by question. */
export class QuestionForm implements Form<QuestionResolution> {
  readonly #request: UserQuestionRequest;
  readonly #answers: QuestionAnswer[] = [];

  constructor(request: UserQuestionRequest) {
    this.#request = request;
  }

  get lines(): readonly string[] {
    const { expires_at_ms: expiresAtMs } = this.#request;
    const question = this.#current();
    if (question === undefined) return [];
    const expiry = expiresAtMs === undefined ? [] : [new Date(expiresAtMs).toISOString()];
    return [...questionLines(question), ...expiry.map((time) => `  expires ${time}`)];
  }

  get prompt(): string {
    const count = this.#request.questions.length;
    const place = count > 1 ? ` ${this.#answers.length + 1} of ${count}` : '';
    const { options = [], multi_select: several = false } = this.#current() ?? {};
    const choice = several ? 'numbers with commas, words' : 'a number, words';
    return `answer${place} (${options.length > 0 ? choice : 'words'} or /decline): `;
  }

  take(line: string): Taken<QuestionResolution> {
    const said = line.trim();
    const { id } = this.#request;
    const [declined, reason] = /^\/decline(?:\s+(.+))?$/s.exec(said) ?? [];
    if (declined !== undefined) {
      const why = reason === undefined ? {} : { justification: reason };
      return { resolution: { request_id: id, declined: true, ...why } };
    }
    const question = this.#current();
    if (question === undefined) throw new Error(`${id} is answered`);
    const answer = answerOf(question, said);
    if (typeof answer === 'string') return { hint: answer };
    this.#answers.push(answer);
    if (this.#current() !== undefined) return { more: this.lines };
    return { resolution: { request_id: id, answers: [...this.#answers] } };
  }

  #current(): UserQuestion | undefined {
    return this.#request.questions[this.#answers.length];
  }
}

function questionLines({ header, question, options }: UserQuestion): string[] {
  const head = header === '' ? '' : `${plainText(header)}: `;
  return [
    `? ${head}${plainText(question)}`,
    ...options.flatMap(({ label, description, preview }, place) => [
      `  ${place + 1}. ${plainText(label)}${description === undefined ? '' : `: ${plainText(description)}`}`,
      ...(preview === undefined
        ? []
        : plainText(preview)
            .split('\n')
            .map((line) => `       ${line}`)),
    ]),
  ];
}

/** The answer, or what is wrong with the line. */
function answerOf(question: UserQuestion, said: string): QuestionAnswer | string {
  const { id, options, multi_select: several } = question;
  if (said === '') return 'an answer says something; /decline gives none';
  if (said.startsWith('/')) return 'only /decline is a command here';
  if (options.length === 0 || !/^\d+(?:\s*,\s*\d+)*$/.test(said)) {
    return { question_id: id, freeform_answer: said };
  }
  const chosen = [...new Set(said.split(',').map(Number))];
  if (chosen.length > 1 && !several) return 'only one option may be chosen';
  const ids: string[] = [];
  for (const number of chosen) {
    const option = options[number - 1];
    if (option === undefined) return `there is no option ${number}`;
    ids.push(option.id);
  }
  return { question_id: id, selected_option_ids: ids };
}
