/**
 * Whether an answer of the transcript is this driver's and this model's own. To any other, reasoning in a
 * provider's own form (signatures, ciphertext) is a reason to refuse the whole request.
 */
export function isOwnAnswer(
  answer: { readonly driver: string; readonly model: string },
  driver: string,
  model: string,
): boolean {
  return answer.driver === driver && answer.model === model;
}
