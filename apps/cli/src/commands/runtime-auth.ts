import type { Command } from 'commander';
import { onDaemon } from '../invocation.ts';

const example = `
Examples:
  kheish runtime auth subject session:demo
  kheish runtime auth revoke-subject session:demo
  kheish runtime auth restore-subject session:demo
  kheish runtime auth revoke-slot openai.prod

See docs/credentials.md for subjects, leases and scopes.
`;

/** Who may use credentials, and what is lent to whom. */
export function addAuth(runtime: Command): void {
  const auth = runtime
    .command('auth')
    .description('who may use credentials, and what is lent to whom')
    .addHelpText('after', example);
  addSubjects(auth);
  auth
    .command('lease <lease_id>')
    .description('one lease')
    .action(
      onDaemon(async ({ client, print }, id: string) =>
        print.view(await client.runtime.auth.lease(id)),
      ),
    );
  auth
    .command('revoke-lease <lease_id>')
    .description('void one lease; its subject may get another')
    .action(
      onDaemon(async ({ client, print }, id: string) =>
        print.view(await client.runtime.auth.revokeLease(id)),
      ),
    );
  auth
    .command('revoke-slot <slot_id>')
    .description('lend what a slot holds to nobody, until a new secret is set in it')
    .action(
      onDaemon(async ({ client, print }, id: string) =>
        print.view(await client.runtime.auth.revokeSlot(id)),
      ),
    );
}

function addSubjects(auth: Command): void {
  auth
    .command('subject <subject_id>')
    .description('whether session:<id> may use credentials, and its active leases')
    .action(
      onDaemon(async ({ client, print }, id: string) =>
        print.view(await client.runtime.auth.subject(id)),
      ),
    );
  auth
    .command('revoke-subject <subject_id>')
    .description('lend a subject nothing more; its runs fail at their next call')
    .action(
      onDaemon(async ({ client, print }, id: string) =>
        print.view(await client.runtime.auth.revokeSubject(id)),
      ),
    );
  auth
    .command('restore-subject <subject_id>')
    .description('let a subject use credentials again')
    .action(
      onDaemon(async ({ client, print }, id: string) =>
        print.view(await client.runtime.auth.restoreSubject(id)),
      ),
    );
}
