import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@kheish/client-sdk';
import { createDaemon, createLog, createRedactor, parseRoutesFile } from '@kheish/daemon';
import { scriptedRoutes } from './daemon-process.ts';

// Two daemons in this process: used, closed one after the other. Says what it found, and must then end by itself.

const told = JSON.parse(process.argv[2] ?? '') as { roots: string[]; workspaceRoot: string };
const redactor = createRedactor();
const log = await createLog({ format: 'json', level: 'silent', redactor });

/** What is open, by what it is: the numbers of sockets and pipes differ from one to the next. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return /^.(proc|dev)./.test(target) ? [] : [target.replace(/\d+/g, 'N')];
    } catch {
      return [];
    }
  });
}

const open = (stateRoot: string) =>
  createDaemon({
    stateRoot,
    workspaceRoot: told.workspaceRoot,
    bind: { host: '127.0.0.1', port: 0 },
    inventory: parseRoutesFile(scriptedRoutes, { file: 'routes.toml', environment: {} }),
    auth: { mode: 'auto' },
    log,
    redactor,
  });

async function use(url: string, session: string): Promise<string> {
  const client = createClient({ baseUrl: url });
  await client.sessions.create({ session_id: session });
  const content = 'scripted: call list_files {"path":"."}';
  const { run_id } = await client.sessions.submit(session, { content });
  return (await client.runs.wait(run_id)).status;
}

const before = openFiles();
const daemons = await Promise.all(told.roots.map(open));
const [first, second] = daemons;
if (first === undefined || second === undefined) throw new Error('two roots are needed');
const statuses = [await use(first.url, 's'), await use(second.url, 's')];
// In the middle of its words, with someone listening.
const client = createClient({ baseUrl: first.url });
await client.sessions.submit('s', 'scripted: pause 60000 per word\nscripted: say 9 words');
const stream = await fetch(`${first.url}/v1/events/stream`);
const reading = stream.text().catch(() => undefined);
await first.close({ drainTimeoutMs: 20 });
await reading;
statuses.push(await use(second.url, 'after the other was closed'));
await second.close();
// A handle that is closed is gone some turns of the event loop later.
for (let turn = 0; turn < 500 && left().length > 0; turn += 1) await sleep(10);
process.stdout.write(JSON.stringify({ statuses, before, after: openFiles(), left: left() }));

function left(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /Timeout|Process|TCPServer/.test(kind));
}
