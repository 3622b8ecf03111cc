import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OperationId, operations } from '@kheish/client-sdk';
import { afterAll, expect, test } from 'vitest';
import { type Seen, fakeDaemon, problem } from './testing/fake-daemon.ts';
import { runHere } from './testing/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'kheish-contract-'));
afterAll(() => rmSync(folder, { recursive: true }));
const snapshot = join(folder, 'snapshot.json');
writeFileSync(snapshot, '{"slots":{}}', { mode: 0o600 });

/** The command that calls each operation, or why there is none. */
const commands: Readonly<Record<OperationId, readonly string[] | { readonly reason: string }>> = {
  healthz: { reason: 'a probe for machines; status says more' },
  readyz: { reason: 'a probe for machines; status says more' },
  getOpenApi: { reason: 'a document for tools, which fetch it themselves' },
  getStatus: ['status'],
  getCapabilities: ['capabilities'],
  getRuntime: ['runtime', 'get'],
  verifyStore: ['store', 'verify'],
  listBackups: ['backup', 'list'],
  createBackup: ['backup', 'create', '--no-wait'],
  getBackup: { reason: 'backup create waits for it; backup list shows it' },
  listSecrets: ['secrets', 'list'],
  setSecret: ['secrets', 'set', 'a', '--provider', 'generic', '--value', 'v'],
  getSecret: ['secret', 'get', 'a'],
  deleteSecret: ['secrets', 'delete', 'a'],
  listTokens: ['tokens', 'list'],
  createToken: ['tokens', 'create', '--name', 'ci', '--role', 'operator'],
  revokeToken: ['token', 'revoke', 'x'],
  listAuthFailures: ['tokens', 'failures'],
  getAuthSubject: ['runtime', 'auth', 'subject', 'session:x'],
  revokeAuthSubject: ['runtime', 'auth', 'revoke-subject', 'session:x'],
  restoreAuthSubject: ['runtime', 'auth', 'restore-subject', 'session:x'],
  getCredentialLease: ['runtime', 'auth', 'lease', 'x'],
  revokeCredentialLease: ['runtime', 'auth', 'revoke-lease', 'x'],
  revokeAuthSlot: ['runtime', 'auth', 'revoke-slot', 'x'],
  rekeySecrets: ['secrets', 'rekey', '--new-key-env', 'PATH'],
  importSecrets: ['secrets', 'import', snapshot],
  listSessions: ['sessions', 'list'],
  createSession: ['session', 'open', 'x'],
  getSession: ['sessions', 'show', 'x'],
  deleteSession: ['sessions', 'delete', 'x'],
  listMessages: ['sessions', 'messages', 'x'],
  listSessionEvents: ['sessions', 'events', 'x'],
  streamSession: ['sessions', 'watch', 'x', '--cursor', '0'],
  submitInput: ['sessions', 'send', 'x', 'hi'],
  setRoutePolicy: ['sessions', 'set-route', 'x', '--model', 'm'],
  clearRoutePolicy: ['sessions', 'set-route', 'x', '--clear'],
  setCredentialScope: ['sessions', 'set-credential-scope', 'x', '--credential-scope-json', '{}'],
  clearCredentialScope: ['sessions', 'set-credential-scope', 'x', '--clear'],
  interruptSession: ['sessions', 'interrupt', 'x'],
  endSession: ['sessions', 'end', 'x', '--reason', 'r'],
  listRuns: ['runs', 'list'],
  getRun: ['run', 'show', 'x'],
  cancelRun: ['runs', 'cancel', 'x'],
  pruneRuns: ['runs', 'prune', '--older-than', '90d'],
  listRunEvents: ['runs', 'events', 'x'],
  listExternalActions: ['runs', 'external-actions', 'x'],
  streamRun: ['runs', 'follow', 'x'],
  listApprovals: ['approvals', 'list'],
  resolveApprovals: ['approvals', 'allow', 'x', 'r', '--run-id', 'y'],
  listQuestions: ['questions', 'list'],
  resolveQuestion: ['questions', 'answer', 'r', '--run-id', 'y', '--declined'],
  cancelQuestion: ['questions', 'cancel', 'r', '--run-id', 'y'],
  listTasks: ['tasks', 'list', 'x'],
  getTask: ['task', 'show', 'x', 't'],
  getTaskOutput: ['tasks', 'output', 'x', 't', '--full'],
  stopTask: ['tasks', 'stop', 'x', 't', '--reason', 'r'],
  setRuntimeModel: ['runtime', 'set-model', 'm'],
  setPermissionMode: ['runtime', 'set-permission-mode', 'dont-ask'],
  setSystemPrompt: ['runtime', 'set-system-prompt', '--reset'],
  getToolLimits: ['runtime', 'tool-limits', 'get'],
  setToolLimits: ['runtime', 'tool-limits', 'set', '--reset'],
  getBudgets: ['runtime', 'budgets', 'get'],
  setBudgets: ['runtime', 'budgets', 'set', '--reset'],
  getPermissionRules: ['runtime', 'permissions', 'rules', 'get'],
  setPermissionRules: ['runtime', 'permissions', 'rules', 'set', '--reset'],
  listRuntimeRevisions: ['runtime', 'revisions'],
  rollbackRuntime: ['runtime', 'rollback'],
  checkPermission: ['runtime', 'permissions', 'check', 'bash'],
  getPermissionMatrix: ['runtime', 'permissions', 'matrix'],
  getAuditStatus: ['audit', 'status'],
  makeAuditCheckpoint: ['audit', 'checkpoint'],
  proveAuditEntry: ['audit', 'prove', '7'],
  exportAudit: ['audit', 'export', '--out', '-'],
  streamEvents: ['events', 'follow', '--cursor', '0'],
};

function isOf({ method, path }: Seen, id: OperationId): boolean {
  const pattern = operations[id].path.replaceAll('.', String.raw`\.`).replace(/\{\w+\}/g, '[^/]+');
  return operations[id].method === method && new RegExp(`^${pattern}$`).test(path);
}

test('every operation has a command that calls it, or a reason', async () => {
  expect(Object.keys(commands).toSorted()).toEqual(Object.keys(operations).toSorted());
  await using daemon = await fakeDaemon((_, response) => problem(response, 400, 'api/bad_request'));
  for (const [id, command] of Object.entries(commands)) {
    if ('reason' in command) continue;
    daemon.seen.length = 0;
    const thrown = await runHere('--base-url', daemon.baseUrl, ...command).catch(String);
    expect({
      id,
      thrown,
      called: daemon.seen.map((seen) => isOf(seen, id as OperationId)),
    }).toEqual({ id, thrown: 'KheishError: as told', called: [true] });
  }
});
