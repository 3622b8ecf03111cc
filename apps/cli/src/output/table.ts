import Table from 'cli-table3';
import type { Colors } from './colors.ts';
import type { Columns } from './columns.ts';
import { plainText } from './plain-text.ts';

const sides = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
  side === 'mid'
    ? ['mid', 'left-mid', 'mid-mid', 'right-mid']
    : [side, `${side}-mid`, `${side}-left`, `${side}-right`],
);
const layout = {
  chars: { ...Object.fromEntries(sides.map((side) => [side, ''])), middle: '  ' },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
};

function linesOf(table: Table.Table): string {
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** A list, one item a line under its heads. */
export function renderList<T>(items: readonly T[], columns: Columns<T>, colors: Colors): string {
  const table = new Table({ ...layout, head: columns.heads.map((head) => colors.dim(head)) });
  for (const item of items) {
    table.push(columns.row(item).map((cell) => plainText(String(cell ?? '-'))));
  }
  return linesOf(table);
}

/** A single view, one field a line; fields of fields have dotted names. */
export function renderView(view: unknown, colors: Colors): string {
  const table = new Table(layout);
  for (const [name, text] of fieldsOf('', view)) {
    table.push([colors.dim(plainText(name)), plainText(text)]);
  }
  return linesOf(table);
}

function fieldsOf(name: string, value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[name, textOf(name, value)]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[name, '-']];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return [[name, value.join(', ')]];
  }
  return entries.flatMap(([key, field]) => fieldsOf(name === '' ? key : `${name}.${key}`, field));
}

function textOf(name: string, value: unknown): string {
  if (name.endsWith('_at_ms') && typeof value === 'number') return new Date(value).toISOString();
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '-' : JSON.stringify(value);
}
