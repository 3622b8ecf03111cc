import { excerpt } from './outcome-report.ts';

const SHOWN = 5;

/** What a file says, in a few lines. */
export function reportFile(path: string, text: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  if (path.endsWith('.toml') && lines.some((line) => line.startsWith('[routes.'))) {
    return reportRoutes(path, lines);
  }
  const headings = lines.filter((line) => /^#{1,6} /.test(line));
  const shown = (headings.length > 0 ? headings : lines.filter((line) => line.trim() !== ''))
    .slice(0, SHOWN)
    .map((line) => `- ${excerpt(line)}\n`);
  const what = headings.length > 0 ? 'Headings' : 'It begins with';
  return `${path} has ${lines.length} lines. ${what}:\n${shown.join('')}`;
}

/** The default route, and of each route driver, model and auth_ref, as the text has them. */
function reportRoutes(path: string, lines: readonly string[]): string {
  const top = new Map<string, string>();
  const routes = new Map<string, Map<string, string>>();
  let table = top;
  for (const line of lines) {
    const header = /^\s*\[(?:routes\.)?"?([^\]"]+)"?\]/.exec(line);
    if (header !== null) {
      table = new Map();
      routes.set(header[1] ?? '', table);
    }
    const pair = /^\s*(\w+)\s*=\s*"([^"]*)"/.exec(line);
    if (pair !== null) table.set(pair[1] ?? '', pair[2] ?? '');
  }
  const list = [...routes].map(
    ([id, route]) =>
      `- ${id}: driver ${said(route, 'driver')}, default_model ${said(route, 'default_model')}, ` +
      `auth_ref ${said(route, 'auth_ref')}\n`,
  );
  return `${path}: default_route is ${said(top, 'default_route')}. Routes:\n${list.join('')}`;
}

function said(from: Map<string, string>, key: string): string {
  return from.get(key) ?? 'not set';
}
