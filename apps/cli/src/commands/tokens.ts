import type { ApiRole, ApiTokenView, CreateTokenRequest, CreatedToken } from '@kheish/client-sdk';
import { type Command, Option } from 'commander';
import { type TokenEnd, duration, instant, tokenEnd } from '../input/token-end.ts';
import { clientOf, onDaemon, printerOf } from '../invocation.ts';
import { type ListFlags, addListOptions, printListing } from '../list-options.ts';
import { failureColumns, tokenColumns } from '../output/columns.ts';
import { type OfflineFlags, addOfflineOptions, offlineRoot } from './state-root.ts';

const roles = `
Roles: admin everything; operator sessions, runs, approvals, questions, tasks and reads; readonly reads;
ingress for connectors only. From the first token on the API needs one, also on loopback with
--http-auth-mode auto: make an admin first. Locked out? Stop the daemon and use --offline.

Examples:
  kheish tokens create --name me --role admin
  kheish tokens create --name ci --role operator --expires-in 90d
  kheish tokens create --name me --role admin --offline --state-root .kheish-daemon
`;

interface CreateFlags extends TokenEnd, OfflineFlags {
  readonly name: string;
  readonly role: ApiRole;
}

/** What both a running daemon and a state root at rest can do with tokens. */
interface NamedTokens {
  list(): Promise<readonly ApiTokenView[]>;
  create(wish: CreateTokenRequest): Promise<CreatedToken>;
  revoke(tokenId: string): Promise<ApiTokenView>;
}

export function addTokens(program: Command): void {
  const tokens = program
    .command('tokens')
    .alias('token')
    .description('named tokens of the API: shown once, kept as digests')
    .addHelpText('after', roles);
  addOfflineOptions(
    tokens
      .command('create')
      .description('make a token; it is shown this once')
      .requiredOption('--name <name>', 'what you call it')
      .addOption(
        new Option('--role <role>', 'what it may do')
          .choices(['admin', 'operator', 'readonly', 'ingress'])
          .makeOptionMandatory(),
      )
      .option(
        '--expires-in <time>',
        'its life: 30m, 12h, 90d, 52w (default: without end)',
        duration,
      )
      .option('--expires-at <time>', 'its end: 2030-01-31T12:00:00Z', instant),
  ).action(async (flags: CreateFlags, command: Command) => {
    const wish = { name: flags.name, role: flags.role, ...tokenEnd(flags) };
    await withTokens(flags, command, async (all) =>
      printerOf(command).view(await all.create(wish)),
    );
  });
  addOfflineOptions(tokens.command('list').description('all tokens, oldest first')).action(
    async (flags: OfflineFlags, command: Command) =>
      withTokens(flags, command, async (all) =>
        printerOf(command).list(await all.list(), tokenColumns),
      ),
  );
  addOfflineOptions(
    tokens.command('revoke <token_id>').description('end a token now, and its streams'),
  ).action(async (tokenId: string, flags: OfflineFlags, command: Command) =>
    withTokens(flags, command, async (all) => printerOf(command).view(await all.revoke(tokenId))),
  );
  addListOptions(tokens.command('failures').description('who was not let in, newest first')).action(
    onDaemon(async ({ client, print }, flags: ListFlags) =>
      printListing(print, flags, (page) => client.tokens.failures(page), failureColumns),
    ),
  );
}

async function withTokens(
  flags: OfflineFlags,
  command: Command,
  act: (tokens: NamedTokens) => Promise<void>,
): Promise<void> {
  const stateRoot = offlineRoot(flags, command);
  if (stateRoot === undefined) {
    const { tokens } = await clientOf(command);
    return act({
      list: async () => {
        const all: ApiTokenView[] = [];
        for await (const token of tokens.list({ limit: 100 })) all.push(token);
        return all;
      },
      create: (wish) => tokens.create(wish),
      revoke: (tokenId) => tokens.revoke(tokenId),
    });
  }
  const { offlineTokens } = await import('@kheish/daemon');
  const tokens = await offlineTokens({ stateRoot });
  try {
    await act({
      list: async () => tokens.list(),
      create: (wish) => tokens.create(wish),
      revoke: (tokenId) => tokens.revoke(tokenId),
    });
  } finally {
    await tokens.close();
  }
}
