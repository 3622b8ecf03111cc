import type { PendingQuestionView } from '@kheish/client-sdk';

/** A request for a person, one field a line: each question by its id, each option by its own. */
export function questionFields({ session_id, run_id, request }: PendingQuestionView) {
  return {
    request: request.id,
    session: session_id,
    run: run_id,
    questions: Object.fromEntries(
      request.questions.map(({ id, header, question, options, multi_select: several }) => [
        id,
        {
          ...(header !== '' && { header }),
          question,
          ...(options.length > 0 && {
            [several ? 'options, several may be chosen' : 'options']: Object.fromEntries(
              options.map(({ id: option, label, description }) => [
                option,
                description === undefined ? label : `${label}: ${description}`,
              ]),
            ),
          }),
        },
      ]),
    ),
    created_at_ms: request.created_at_ms,
    ...(request.expires_at_ms !== undefined && { expires_at_ms: request.expires_at_ms }),
  };
}
