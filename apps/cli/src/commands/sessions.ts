import type { Command } from 'commander';
import { UsageError } from '../failure.ts';
import {
  type CredentialScopeFlags,
  addCredentialScopeOptions,
  credentialScopeOf,
} from '../input/credential-scope.ts';
import { type GenerationFlags, addGenerationOptions, generationOf } from '../input/generation.ts';
import { onDaemon } from '../invocation.ts';
import { type ListFlags, addListOptions, printListing } from '../list-options.ts';
import { eventColumns, messageColumns, sessionColumns } from '../output/columns.ts';
import { addAllow, addDeny } from './approvals.ts';
import { addSessionInput } from './session-input.ts';

interface RouteFlags extends GenerationFlags {
  readonly provider?: string;
  readonly clear?: true;
}

interface CreateFlags extends CredentialScopeFlags {
  readonly threadId?: string;
  readonly systemPrompt?: string;
}

export function addSessions(program: Command): void {
  const sessions = program
    .command('sessions')
    .alias('session')
    .description('conversations: create, give input, follow, end');
  addSessionInput(sessions);
  addReads(sessions);
  addChanges(sessions);
  addAllow(sessions, 'approve');
  addDeny(sessions);
}

function addReads(sessions: Command): void {
  addListOptions(sessions.command('list').description('all sessions')).action(
    onDaemon(async ({ client, print }, flags: ListFlags) =>
      printListing(print, flags, (options) => client.sessions.list(options), sessionColumns),
    ),
  );
  sessions
    .command('get <session>')
    .alias('show')
    .description('one session')
    .action(
      onDaemon(async ({ client, print }, id: string) => print.view(await client.sessions.get(id))),
    );
  addListOptions(sessions.command('messages <session>').description('the transcript')).action(
    onDaemon(async ({ client, print }, id: string, flags: ListFlags) =>
      printListing(print, flags, (page) => client.sessions.messages(id, page), messageColumns),
    ),
  );
  addListOptions(
    sessions.command('events <session>').description('the journaled events of a session'),
  ).action(
    onDaemon(async ({ client, print }, id: string, flags: ListFlags) =>
      printListing(print, flags, (page) => client.sessions.events(id, page), eventColumns),
    ),
  );
  sessions
    .command('stream <session>')
    .aliases(['watch', 'follow'])
    .description('follow a session, across restarts of the daemon')
    .option('--cursor <id>', 'begin after this event; 0: at the oldest (default: now)')
    .action(
      onDaemon(async ({ client, print }, id: string, flags: { cursor?: string }) => {
        await print.frames(client.sessions.stream(id, flags));
      }),
    );
}

function addChanges(sessions: Command): void {
  addCreate(sessions);
  addSetRoute(sessions);
  addSetCredentialScope(sessions);
  sessions
    .command('interrupt <session>')
    .description('stop the active run; the queue goes on')
    .action(
      onDaemon(async ({ client, print }, id: string) =>
        print.view(await client.sessions.interrupt(id)),
      ),
    );
  sessions
    .command('end <session>')
    .description('take no more input; queued runs are cancelled')
    .option('--reason <text>', 'kept with the session')
    .action(
      onDaemon(async ({ client, print }, id: string, flags: { reason?: string }) =>
        print.view(await client.sessions.end(id, flags)),
      ),
    );
  sessions
    .command('delete <session>')
    .description('erase what was said in an idle session')
    .action(
      onDaemon(async ({ client, print }, id: string) =>
        print.view(await client.sessions.delete(id)),
      ),
    );
}

function addCreate(sessions: Command): void {
  addCredentialScopeOptions(
    sessions
      .command('create [session]')
      .alias('open')
      .description('create a session, or show the one that has this id')
      .option('--thread-id <id>', "the caller's name for a thread")
      .option('--system-prompt <text>', 'in the place of the default one'),
  ).action(
    onDaemon(async ({ client, print }, id: string | undefined, flags: CreateFlags) => {
      const scope = credentialScopeOf(flags);
      await print.view(
        await client.sessions.create({
          ...(id !== undefined && { session_id: id }),
          ...(flags.threadId !== undefined && { thread_id: flags.threadId }),
          ...(flags.systemPrompt !== undefined && { system_prompt: flags.systemPrompt }),
          ...(scope !== undefined && { credential_scope: scope }),
        }),
      );
    }),
  );
}

function addSetCredentialScope(sessions: Command): void {
  addCredentialScopeOptions(
    sessions
      .command('set-credential-scope <session>')
      .description('which credentials the runs of a session may use, from their next call on'),
  )
    .option('--clear', 'all of them again')
    .addHelpText(
      'after',
      '\nExample:\n  kheish sessions set-credential-scope demo --credential-scope-json \'{"route_allow": ["main"]}\'\n',
    )
    .action(
      onDaemon(
        async (
          { client, print },
          id: string,
          flags: CredentialScopeFlags & { readonly clear?: true },
        ) => {
          const scope = credentialScopeOf(flags);
          if ((scope === undefined) !== (flags.clear === true)) {
            throw new UsageError('give a credential scope, or --clear');
          }
          await print.view(
            scope === undefined
              ? await client.sessions.clearCredentialScope(id)
              : await client.sessions.setCredentialScope(id, scope),
          );
        },
      ),
    );
}

function addSetRoute(sessions: Command): void {
  const setRoute = sessions
    .command('set-route <session>')
    .description('the route and model of later runs')
    .option('--provider <route>', 'the route to use');
  addGenerationOptions(setRoute)
    .option('--clear', 'follow the default route again')
    .addHelpText('after', '\nExample:\n  kheish sessions set-route demo --model openai/gpt-5.4\n')
    .action(
      onDaemon(async ({ client, print }, id: string, flags: RouteFlags) => {
        const generation = generationOf(flags);
        const given = flags.provider !== undefined || generation !== undefined;
        if (given === (flags.clear === true)) {
          throw new UsageError('give a route or model, or --clear');
        }
        if (!given) return print.view(await client.sessions.clearRoutePolicy(id));
        return print.view(
          await client.sessions.setRoutePolicy(id, {
            ...(flags.provider !== undefined && { route_id: flags.provider }),
            ...(generation !== undefined && { generation }),
          }),
        );
      }),
    );
}
