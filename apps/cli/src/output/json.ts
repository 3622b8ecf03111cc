export function renderJson(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

export function renderPretty(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
