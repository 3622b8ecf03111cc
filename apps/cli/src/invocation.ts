import type { Client } from '@kheish/client-sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { type GlobalOptions, tokenOf } from './global-options.ts';
import { formOf } from './output/form.ts';
import { Printer } from './output/printer.ts';

/** What a command works with. */
export interface Invocation {
  readonly client: Client;
  readonly print: Printer;
}

export function printerOf(command: Command): Printer {
  const { output } = command.optsWithGlobals<GlobalOptions>();
  const onTerminal = process.stdout.isTTY;
  return new Printer(formOf(output, onTerminal), colorsOn(onTerminal));
}

/** The convention of no-color.org, and no colours where nobody sees them. */
export function colorsOn(onTerminal: boolean): boolean {
  return onTerminal && (process.env['NO_COLOR'] ?? '') === '';
}

export async function clientOf(command: Command): Promise<Client> {
  const { createClient } = await import('@kheish/client-sdk');
  const { baseUrl } = command.optsWithGlobals<GlobalOptions>();
  return createClient({ baseUrl, token: tokenOf(command) });
}

/** The action of a command that speaks to the daemon; it gets arguments and options as commander gives them. */
export function onDaemon<A extends unknown[]>(
  act: (invocation: Invocation, ...args: A) => Promise<void>,
): (...args: [...A, Command]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    const invocation = { client: await clientOf(command), print: printerOf(command) };
    await act(invocation, ...(all.slice(0, -1) as A));
  };
}

/** Parses a flag's value as a whole number of at least `least`. */
export function integer(least: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`Give a whole number of at least ${least}.`);
  };
}

export function decimal(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('Give a number.');
}

/** Collects a flag that may be repeated, or given once with commas. */
export function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  const values = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  return [...(before ?? []), ...values];
}
