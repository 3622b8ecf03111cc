import type { ListOptions, Listing } from '@kheish/client-sdk';
import type { Command } from 'commander';
import { integer } from './invocation.ts';
import type { Columns } from './output/columns.ts';
import type { Printer } from './output/printer.ts';

export interface ListFlags {
  readonly limit?: number;
  readonly cursor?: string;
  readonly page?: true;
}

const MOST_PER_PAGE = 100;

export function addListOptions(command: Command): Command {
  return command
    .option('--limit <n>', 'at most so many items', integer(1))
    .option('--cursor <cursor>', 'go on after this cursor')
    .option('--page', 'print one page as JSON with its next_cursor');
}

/** Prints the items of all pages, or one page with its cursor. */
export async function printListing<T>(
  print: Printer,
  flags: ListFlags,
  list: (options: ListOptions) => Listing<T>,
  columns: Columns<T>,
): Promise<void> {
  const { limit, cursor } = flags;
  if (flags.page === true) return print.page(await list({ limit, cursor }));
  const items: T[] = [];
  for await (const item of list({
    limit: Math.min(limit ?? MOST_PER_PAGE, MOST_PER_PAGE),
    cursor,
  })) {
    items.push(item);
    if (items.length === limit) break;
  }
  return print.list(items, columns);
}
