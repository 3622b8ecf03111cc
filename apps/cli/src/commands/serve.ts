import type { ServeOptions, TokenSource } from '@kheish/daemon';
import { type Command, Option } from 'commander';
import { UsageError } from '../failure.ts';
import { integer, repeated } from '../invocation.ts';
import { takeMasterKeySource, takeSigningKeySource } from '../key-sources.ts';

interface ServeFlags {
  readonly bind: string;
  readonly stateRoot: string;
  readonly workspaceRoot?: string;
  readonly backupDir?: string;
  readonly routesFile?: string;
  readonly defaultRoute?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly apiKey?: string;
  readonly anthropicBaseUrl?: string;
  readonly googleBaseUrl?: string;
  readonly openaiBaseUrl?: string;
  readonly openrouterBaseUrl?: string;
  readonly xaiBaseUrl?: string;
  readonly anthropicVersion?: string;
  readonly anthropicBetaHeader?: readonly string[];
  readonly openaiOrganization?: string;
  readonly openaiProject?: string;
  readonly httpAuthMode: ServeOptions['httpAuthMode'];
  readonly httpAdminToken?: string;
  readonly httpAdminTokenFile?: string;
  readonly httpReadonlyToken?: string;
  readonly httpReadonlyTokenFile?: string;
  readonly httpCorsAllowOrigin?: readonly string[];
  readonly logFormat: ServeOptions['logFormat'];
  readonly logLevel: ServeOptions['logLevel'];
  readonly drainTimeoutMs: number;
}

const plainFlags: readonly [flag: string, env: string, description: string][] = [
  [
    '--workspace-root <dir>',
    'KHEISH_WORKSPACE_ROOT',
    'what the agents see, made where it is missing (default: here)',
  ],
  ['--backup-dir <dir>', 'KHEISH_BACKUP_DIR', 'where backup create puts its copies'],
  ['--routes-file <file>', 'KHEISH_ROUTES_FILE', 'named routes, in TOML'],
  ['--default-route <route>', 'KHEISH_DEFAULT_ROUTE', "in the place of the file's default_route"],
  [
    '--provider <name>',
    'KHEISH_PROVIDER',
    'a single route: anthropic, google, openai, openrouter or xai',
  ],
  ['--model <model>', 'KHEISH_MODEL', 'model of the single route'],
  ['--api-key <key>', 'KHEISH_API_KEY', 'key of the single route'],
  ['--anthropic-base-url <url>', 'ANTHROPIC_BASE_URL', 'for a single anthropic route'],
  ['--google-base-url <url>', 'GOOGLE_BASE_URL', 'for a single google route'],
  ['--openai-base-url <url>', 'OPENAI_BASE_URL', 'for a single openai route'],
  ['--openrouter-base-url <url>', 'OPENROUTER_BASE_URL', 'for a single openrouter route'],
  ['--xai-base-url <url>', 'XAI_BASE_URL', 'for a single xai route'],
  ['--anthropic-version <version>', 'ANTHROPIC_VERSION', 'for a single anthropic route'],
  ['--openai-organization <id>', 'OPENAI_ORGANIZATION', 'for a single openai route'],
  ['--openai-project <id>', 'OPENAI_PROJECT', 'for a single openai route'],
  ['--http-admin-token <token>', 'KHEISH_DAEMON_ADMIN_TOKEN', 'may do everything'],
  ['--http-admin-token-file <file>', 'KHEISH_DAEMON_ADMIN_TOKEN_FILE', 'file that holds it'],
  ['--http-readonly-token <token>', 'KHEISH_DAEMON_READONLY_TOKEN', 'may read'],
  ['--http-readonly-token-file <file>', 'KHEISH_DAEMON_READONLY_TOKEN_FILE', 'file that holds it'],
];

const example = `
Examples:
  kheish serve --state-root .kheish-daemon-data --workspace-root . --routes-file routes.toml
  kheish serve --provider openrouter --api-key "$OPENROUTER_API_KEY"
`;

export function addServe(program: Command): void {
  const serve = program
    .command('serve')
    .alias('start')
    .description('run the daemon in the foreground (the default command)')
    .addOption(
      new Option('--bind <host:port>', 'where to listen')
        .env('KHEISH_BIND')
        .default('127.0.0.1:4000'),
    )
    .addOption(
      new Option('--state-root <dir>', "the daemon's own data")
        .env('KHEISH_STATE_ROOT')
        .default('.kheish-daemon'),
    );
  for (const [flag, env, description] of plainFlags) {
    serve.addOption(new Option(flag, description).env(env));
  }
  serve
    .addOption(
      new Option('--anthropic-beta-header <name>', 'for a single anthropic route; repeatable')
        .env('ANTHROPIC_BETA_HEADERS')
        .argParser(repeated),
    )
    .addOption(
      new Option('--http-auth-mode <mode>', 'auto: bearer where an admin token is given')
        .env('KHEISH_HTTP_AUTH_MODE')
        .choices(['auto', 'none', 'bearer'])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--http-cors-allow-origin <origin>',
        'a page of this machine that may call, in the place of all; repeatable',
      )
        .env('KHEISH_HTTP_CORS_ALLOW_ORIGINS')
        .argParser(repeated),
    )
    .addOption(
      new Option('--log-format <format>', 'auto: pretty where stderr is a terminal, else json')
        .env('KHEISH_LOG_FORMAT')
        .choices(['auto', 'pretty', 'json'])
        .default('auto'),
    )
    .addOption(
      new Option('--log-level <level>', 'least severity that is logged')
        .env('KHEISH_LOG_LEVEL')
        .choices(['error', 'warn', 'info', 'debug', 'trace'])
        .default('info'),
    )
    .addOption(
      new Option('--drain-timeout-ms <ms>', 'time that steps under way get at shutdown')
        .env('KHEISH_DRAIN_TIMEOUT_MS')
        .argParser(integer(0))
        .default(10_000),
    )
    .addHelpText('after', example)
    .action(async (_flags: ServeFlags, command: Command) => {
      const options = serveOptions(command);
      const daemon = await import('@kheish/daemon');
      await daemon.serve(options);
    });
}

function serveOptions(command: Command): ServeOptions {
  const flags = givenFlags(command);
  const adminToken = tokenSource(command, flags, 'httpAdminToken', 'httpAdminTokenFile');
  const readonlyToken = tokenSource(command, flags, 'httpReadonlyToken', 'httpReadonlyTokenFile');
  const masterKeySource = takeMasterKeySource();
  const signingKeySource = takeSigningKeySource();
  const { anthropicBetaHeader, workspaceRoot, backupDir, routesFile, defaultRoute } = flags;
  const route: ServeOptions['singleRoute'] = {
    ...pick(flags, ['provider', 'model', 'apiKey', 'anthropicVersion']),
    ...pick(flags, ['anthropicBaseUrl', 'googleBaseUrl', 'openaiBaseUrl']),
    ...pick(flags, ['openrouterBaseUrl', 'xaiBaseUrl']),
    ...pick(flags, ['openaiOrganization', 'openaiProject']),
    ...(anthropicBetaHeader !== undefined && { anthropicBetaHeaders: anthropicBetaHeader }),
  };
  return {
    ...pick(flags, ['bind', 'stateRoot', 'httpAuthMode', 'logFormat', 'logLevel']),
    ...(workspaceRoot !== undefined && { workspaceRoot }),
    ...(backupDir !== undefined && { backupDir }),
    ...(routesFile !== undefined && { routesFile }),
    ...(defaultRoute !== undefined && { defaultRoute }),
    singleRoute: route,
    corsAllowOrigins: flags.httpCorsAllowOrigin ?? [],
    adminToken,
    readonlyToken,
    drainTimeoutMs: flags.drainTimeoutMs,
    masterKeySource,
    signingKeySource,
    environment: environment(),
  };
}

/** The flags; a variable that is set to nothing counts as not set. */
function givenFlags(command: Command): ServeFlags {
  const flags = Object.entries(command.opts()).filter(
    ([name, value]) => value !== '' || command.getOptionValueSource(name) !== 'env',
  );
  return Object.fromEntries(flags) as unknown as ServeFlags;
}

function pick<K extends keyof ServeFlags>(flags: ServeFlags, names: readonly K[]) {
  const found = names.filter((name) => flags[name] !== undefined);
  return Object.fromEntries(found.map((name) => [name, flags[name]])) as Pick<ServeFlags, K>;
}

/** A flag beats the environment; two at the same level are one too many. */
function tokenSource(
  command: Command,
  flags: ServeFlags,
  inline: 'httpAdminToken' | 'httpReadonlyToken',
  inFile: 'httpAdminTokenFile' | 'httpReadonlyTokenFile',
): TokenSource {
  const { [inline]: value, [inFile]: file } = flags;
  if (value === undefined) return file === undefined ? {} : { file };
  if (file === undefined) return { value };
  const [first, second] = [inline, inFile].map((name) => command.getOptionValueSource(name));
  if (first !== second) return first === 'cli' ? { value } : { file };
  const flag = inline === 'httpAdminToken' ? '--http-admin-token' : '--http-readonly-token';
  throw new UsageError(`give either ${flag} or ${flag}-file`);
}

function environment(): ServeOptions['environment'] {
  const {
    KHEISH_DAEMON_ADMIN_TOKEN: _admin,
    KHEISH_DAEMON_READONLY_TOKEN: _readonly,
    KHEISH_DAEMON_TOKEN: _client,
    ...rest
  } = process.env;
  return rest;
}
