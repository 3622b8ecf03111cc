import type {
  CheckPermissionRequest,
  PermissionMatrix,
  PermissionRule,
  PermissionRulesView,
} from '@kheish/client-sdk';
import { type Command, Option } from 'commander';
import { parseObject } from '../input/json-source.ts';
import { permissionModeOf, permissionModes } from '../input/permission-mode.ts';
import {
  type DocumentFlags,
  addDocumentOptions,
  readSettings,
} from '../input/settings-document.ts';
import { type Invocation, onDaemon } from '../invocation.ts';
import { type Columns, ruleColumns } from '../output/columns.ts';

const example = `
Example:
  kheish runtime permissions check bash --input-json '{"command":"git status"}'

See docs/permissions.md for rules and modes.
`;

interface CheckFlags {
  readonly inputJson?: string;
  readonly mode?: (typeof permissionModes)[number];
}

export function addPermissions(runtime: Command): void {
  const permissions = runtime
    .command('permissions')
    .description('which calls are allowed, asked for, denied')
    .addHelpText('after', example);
  permissions
    .command('check <tool>')
    .description('whether a run that began now might make the call, and why')
    .option('--input-json <json>', "the call's arguments")
    .addOption(
      new Option('--mode <mode>', 'in the place of the one in force').choices(permissionModes),
    )
    .action(
      onDaemon(async ({ client, print }, tool: string, { inputJson, mode }: CheckFlags) => {
        const input = inputJson === undefined ? undefined : parseObject(inputJson, 'the input');
        const call = {
          tool_name: tool,
          ...(input && { input: input as CheckPermissionRequest['input'] }),
          ...(mode !== undefined && { mode_override: permissionModeOf(mode) }),
        };
        await print.view(await client.runtime.checkPermission(call));
      }),
    );
  permissions
    .command('matrix')
    .description('what each mode makes of a call of each tool')
    .action(onDaemon(printMatrix));
  addRules(permissions);
}

async function printMatrix({ client, print }: Invocation): Promise<void> {
  const matrix = await client.runtime.permissionMatrix();
  if (print.form !== 'table') return print.view(matrix);
  const [first] = matrix.modes;
  return print.list(first?.tools ?? [], columnsOf(matrix));
}

/** A tool a line, a mode a column. */
function columnsOf({ modes }: PermissionMatrix): Columns<{ readonly tool_name: string }> {
  return {
    heads: ['tool', ...modes.map(({ mode }) => mode)],
    row: ({ tool_name: name }) => [
      name,
      ...modes.map(({ tools }) => tools.find(({ tool_name }) => tool_name === name)?.decision),
    ],
  };
}

function addRules(permissions: Command): void {
  const rules = permissions.command('rules').description('what the operator allows and denies');
  rules
    .command('get')
    .description('the rules in force')
    .action(
      onDaemon(async ({ client, print }) => {
        const view = await client.runtime.permissionRules.get();
        await (print.form === 'table' ? print.list(view.rules, ruleColumns) : print.view(view));
      }),
    );
  addDocumentOptions(
    rules
      .command('set')
      .description('all rules; those that deny hold for running runs too')
      .addHelpText(
        'after',
        '\nThe JSON is a list of rules, or {"rules": [...], "approval_expires_after_ms": 3600000}.\n',
      ),
  ).action(
    onDaemon(async ({ client, print }, flags: DocumentFlags) => {
      const document = await readSettings(flags, 'rules');
      const expiry = document === undefined ? null : document.beside['approval_expires_after_ms'];
      const { settings = [], expectedRevision = flags.expectedRevision } = document ?? {};
      await print.view(
        await client.runtime.permissionRules.set(settings as PermissionRule[], {
          approvalExpiresAfterMs: expiry as PermissionRulesView['approval_expires_after_ms'],
          expectedRevision,
        }),
      );
    }),
  );
}
