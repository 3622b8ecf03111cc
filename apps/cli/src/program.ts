import { KHEISH_VERSION } from '@kheish/client-sdk';
import { Command } from 'commander';
import { addApprovals } from './commands/approvals.ts';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addChat } from './commands/chat.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEvents } from './commands/events.ts';
import { addQuestions } from './commands/questions.ts';
import { addRuns } from './commands/runs.ts';
import { addRuntime } from './commands/runtime.ts';
import { addSecrets } from './commands/secrets.ts';
import { addServe } from './commands/serve.ts';
import { addSessions } from './commands/sessions.ts';
import { addStatus } from './commands/status.ts';
import { addStore } from './commands/store.ts';
import { addTasks } from './commands/tasks.ts';
import { addTokens } from './commands/tokens.ts';
import { addGlobalOptions } from './global-options.ts';

const closing = `
A first session:
  kheish sessions create demo
  kheish sessions input demo "Review route inventory" --wait
  kheish chat demo

Exit codes: 0 done, 1 failure, 2 usage or bad request, 3 daemon unreachable, 4 not allowed, 5 not found,
6 conflict, 7 timeout or try later, 8 answer not understood; waiting commands also 10 failed, 11 cancelled,
12 interrupted, 13 waits for an approval, 14 waits for an answer, 15 --timeout-ms passed.
`;

/** The whole command line. Parsing throws `CommanderError` in the place of exiting. */
export function createProgram(): Command {
  const program = new Command('kheish')
    .description('Runs AI agents as durable, governed work.')
    .version(KHEISH_VERSION, '-V, --version')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')),
    })
    .addHelpText('after', closing);
  addGlobalOptions(program);
  addServe(program);
  addStatus(program);
  addDoctor(program);
  addRuntime(program);
  addSecrets(program);
  addTokens(program);
  addSessions(program);
  addRuns(program);
  addApprovals(program);
  addQuestions(program);
  addTasks(program);
  addEvents(program);
  addStore(program);
  addBackup(program);
  addAudit(program);
  addChat(program);
  return program;
}
