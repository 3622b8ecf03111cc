import { resolve } from 'node:path';
import { CredentialBroker, SecretStore } from '@kheish/auth-store';
import {
  KHEISH_VERSION,
  KheishError,
  type NewId,
  type RandomSource,
  type Tool,
  idFactory,
} from '@kheish/core-model';
import { type Egress, createEgress } from '@kheish/egress';
import { type ProcessHost, createProcessHost } from '@kheish/process-host';
import {
  type EndProcesses,
  Engine,
  SessionTasks,
  askUserQuestion,
  emitOutput,
  readOutput,
} from '@kheish/run-engine';
import { type Incarnation, type Store, type StoreOptions, openStore } from '@kheish/state-store';
import {
  createEditingTools,
  createShellTools,
  createWebTools,
  createWorkspaceTools,
} from '@kheish/workspace-tools';
import { type AccessParts, openAccess } from '../access/open-access.ts';
import { type Audit, auditKey } from '../audit/audit-key.ts';
import { BackupKeeper, openBackupDirectory } from '../backup/backup-keeper.ts';
import { systemClock, systemRandom } from '../platform/system-clock.ts';
import { RouteBook } from '../routes/route-book.ts';
import type { DaemonOptions } from './daemon-options.ts';
import { checkBackupsApart, checkRootsApart, openWorkspaceRoot } from './roots.ts';

/** What a daemon is made of, behind its door. */
export interface DaemonParts extends AccessParts {
  readonly store: Store;
  readonly audit: Audit;
  readonly secrets: SecretStore;
  readonly broker: CredentialBroker;
  readonly routes: RouteBook;
  readonly incarnation: Incarnation;
  readonly engine: Engine;
  readonly tasks: SessionTasks;
  readonly processes: ProcessHost;
  readonly backups: BackupKeeper;
  readonly workspaceRoot: string;
}

/** Opens the parts in order; each is closed by `closing`, in the opposite order. */
export async function openParts(
  options: DaemonOptions,
  closing: AsyncDisposableStack,
): Promise<DaemonParts> {
  const { clock = systemClock, random = systemRandom, log } = options;
  const newId = idFactory(clock, random);
  const workspaceRoot = openWorkspaceRoot(options.workspaceRoot);
  const { redactor, inventory } = options;
  const signing = auditKey(options, random);
  const store = closing.use(openRoot(options, newId, signing.sealer));
  const audit = signing.follow(store, clock);
  closing.defer(() => audit.checkpointer.close());
  const shared = { store, clock, random, newId };
  const door = openAccess(options, shared);
  closing.defer(() => door.authFailures.settled());
  const authEnabled = door.access.enabled;
  checkRootsApart(store.root.stateRoot, workspaceRoot, authEnabled, log);
  const backups = openBackups(options, store, newId, workspaceRoot, audit);
  closing.defer(() => backups.close());
  const secrets = await openSecrets(store, options);
  closing.defer(() => secrets.wipe());
  const egress = createEgress({ clock });
  closing.defer(() => egress.close());
  const onCredential = (secret: string) => redactor.add(secret);
  const broker = new CredentialBroker(shared);
  const routes = new RouteBook({ inventory, store, secrets, broker, egress, clock, onCredential });
  requireReadyRoutes(routes, secrets, store);

  const incarnation = await store.beginIncarnation();
  closing.defer(() => incarnation.end());
  const hidden = hiddenFrom(options, store, backups);
  const { path = '' } = options;
  const processes = createProcessHost({
    clock,
    workspaceRoot,
    hidden,
    path,
    filter: () => redactor.byteStream(),
  });
  closing.defer(() => processes.close());
  const endProcesses: EndProcesses = async (identity, actionId) =>
    (await processes.reap(identity, actionId)).death === 'proven';
  const { number } = incarnation;
  const tasks = new SessionTasks({ ...shared, log, incarnation: number, endProcesses });
  const tools = [
    ...workspaceTools({ workspaceRoot, hidden, random, processes, egress, authEnabled }),
    askUserQuestion,
    emitOutput,
    readOutput(store),
    ...tasks.tools,
  ];
  const engine = new Engine({
    ...options,
    ...shared,
    incarnation,
    routes,
    broker,
    tools,
    endProcesses,
    tasks,
  });
  closing.defer(() => engine.drain(0));
  return {
    ...door,
    store,
    audit,
    secrets,
    broker,
    routes,
    incarnation,
    engine,
    tasks,
    processes,
    backups,
    workspaceRoot,
  };
}

function openRoot(options: DaemonOptions, newId: NewId, sealer: StoreOptions['sealer']): Store {
  const { stateRoot, reach, redactor, clock = systemClock, log } = options;
  return openStore({
    stateRoot,
    clock,
    newId,
    version: KHEISH_VERSION,
    log,
    redactor,
    ...(sealer && { sealer }),
    ...(reach && { reach }),
  });
}

function workspaceTools(having: {
  workspaceRoot: string;
  hidden: readonly string[];
  random: RandomSource;
  processes: ProcessHost;
  egress: Egress;
  authEnabled: boolean;
}): Tool[] {
  const { workspaceRoot, hidden, random, processes: host, egress, authEnabled } = having;
  const workspace = { workspaceRoot, hidden };
  return [
    ...createWorkspaceTools(workspace),
    ...createEditingTools({ ...workspace, random }),
    // With the network a command reaches the daemon itself: without tokens it could approve its own calls.
    ...createShellTools({ ...workspace, host, networkAllowed: authEnabled }),
    ...createWebTools({ egress }),
  ];
}

/** What no tool may see: the daemon's own files. */
function hiddenFrom(options: DaemonOptions, store: Store, backups: BackupKeeper): string[] {
  const files = (options.secretFiles ?? []).map((file) => resolve(file));
  const directories = [store.root.stateRoot, backups.directory];
  return [...directories.filter((directory) => directory !== undefined), ...files];
}

function openBackups(
  options: DaemonOptions,
  store: Store,
  newId: NewId,
  workspaceRoot: string,
  audit: Audit,
): BackupKeeper {
  const { backupDir, clock = systemClock, log } = options;
  const directory = backupDir === undefined ? undefined : openBackupDirectory(backupDir);
  if (directory !== undefined) checkBackupsApart(directory, store.root.stateRoot, workspaceRoot);
  const checkpoint = () => audit.checkpointer.now();
  return new BackupKeeper({ store, clock, newId, log, checkpoint, directory });
}

/** The slots, and every secret that is known by now: before the first text of a run is read. */
async function openSecrets(store: Store, options: DaemonOptions): Promise<SecretStore> {
  const { masterKey, random = systemRandom, clock = systemClock, redactor } = options;
  const { inventory, log } = options;
  for (const { credential } of inventory.routes.values()) {
    if (credential.kind === 'inline') redactor.add(credential.key.reveal());
  }
  const secrets = new SecretStore({ store, masterKey, random, clock, redactor });
  const unknown = await secrets.learn();
  if (unknown.length > 0) {
    log.warn({ slots: unknown }, 'secrets that cannot be opened cannot be redacted');
  }
  for (const { slot_id, warnings = [] } of secrets.list()) {
    for (const warning of warnings) log.warn({ slot_id }, warning);
  }
  return secrets;
}

/** A route whose secret is missing would fail every run: better to say so before the first. */
function requireReadyRoutes(routes: RouteBook, secrets: SecretStore, store: Store): void {
  const verdicts = routes.readiness(store.root.stateRoot);
  const broken = verdicts.filter((route) => route.state === 'error');
  if (broken.length > 0) {
    const lines = broken.map(({ message, action }) =>
      action === undefined ? message : `${message}\n  ${action}`,
    );
    throw new KheishError('routes/route_not_ready', lines.join('\n'));
  }
  const sealed = [...routes.inventory.routes.values()].find((r) => r.credential.kind === 'slot');
  if (sealed !== undefined && !secrets.hasMasterKey) {
    throw new KheishError(
      'secrets/master_key_missing',
      `Route "${sealed.id}" needs a sealed secret, and there is no master key to open it. Set KHEISH_AUTH_STORE_MASTER_KEY or KHEISH_AUTH_STORE_MASTER_KEY_FILE to the key of this state root.`,
    );
  }
}
