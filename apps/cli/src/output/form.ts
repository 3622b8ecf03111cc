export const outputChoices = ['auto', 'json', 'pretty', 'table'] as const;
export type OutputChoice = (typeof outputChoices)[number];
export type OutputForm = Exclude<OutputChoice, 'auto'>;

export function formOf(choice: OutputChoice, onTerminal: boolean): OutputForm {
  if (choice !== 'auto') return choice;
  return onTerminal ? 'table' : 'pretty';
}
