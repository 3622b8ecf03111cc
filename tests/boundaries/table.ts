/** What each package may import of the others, runtime and types alike. Its own folder is the key. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  'core-model': [],
  'state-store': ['core-model'],
  'route-inventory': ['core-model'],
  'auth-store': ['core-model', 'state-store'],
  'audit-ledger': ['core-model', 'state-store'],
  egress: ['core-model'],
  'process-host': ['core-model'],
  'model-drivers': ['core-model', 'egress'],
  'run-engine': [
    'core-model',
    'state-store',
    'route-inventory',
    'auth-store',
    'audit-ledger',
    'model-drivers',
  ],
  'workspace-tools': ['core-model', 'egress', 'process-host'],
  'http-api': [
    'core-model',
    'state-store',
    'route-inventory',
    'auth-store',
    'audit-ledger',
    'egress',
    'process-host',
    'model-drivers',
    'run-engine',
    'workspace-tools',
  ],
  'client-sdk': ['core-model'],
  daemon: [
    'core-model',
    'state-store',
    'route-inventory',
    'auth-store',
    'audit-ledger',
    'egress',
    'process-host',
    'model-drivers',
    'run-engine',
    'workspace-tools',
    'http-api',
  ],
  cli: ['client-sdk', 'daemon'],
  testkit: [
    'core-model',
    'state-store',
    'route-inventory',
    'auth-store',
    'audit-ledger',
    'egress',
    'process-host',
    'model-drivers',
    'run-engine',
    'workspace-tools',
    'http-api',
    'client-sdk',
    'daemon',
    'cli',
  ],
};

/** Something that only some packages may use. Tests may use everything. */
export interface Room {
  readonly rule: string;
  /** Folders of the packages that may. */
  readonly owners: readonly string[];
  /** Modules that are the thing, with the names that count; without names, all of them. */
  readonly modules?: readonly ModuleUse[];
  /** Globals that are the thing, as they are written: `process.env`, `new Date()`. */
  readonly globals?: readonly string[];
  /** What single packages may use although they do not own the room. */
  readonly exceptions?: Readonly<
    Record<string, { modules?: readonly ModuleUse[]; globals?: readonly string[] }>
  >;
}

export interface ModuleUse {
  readonly module: RegExp;
  readonly names?: RegExp;
}

const hashing: ModuleUse = { module: /^node:crypto$/, names: /^(createHash|hash)$/ };
const random = /^(random.*|getRandomValues|webcrypto)$/;

export const rooms: readonly Room[] = [
  {
    rule: 'SQL only in state-store',
    owners: ['state-store'],
    modules: [{ module: /^(better-sqlite3|drizzle-orm|node:sqlite)(\/|$)/ }],
  },
  {
    rule: 'encryption and signing only in auth-store and audit-ledger',
    owners: ['auth-store', 'audit-ledger'],
    modules: [
      { module: /^(libsodium-wrappers(-sumo)?|@noble\/(ciphers|curves|ed25519))(\/|$)/ },
      { module: /^node:crypto$/, names: /^(?!(random.*|getRandomValues|timingSafeEqual)$)/ },
    ],
    globals: ['crypto.subtle'],
    exceptions: {
      'state-store': { modules: [hashing] },
      'workspace-tools': { modules: [hashing] },
    },
  },
  {
    rule: 'the network only through egress',
    owners: ['egress', 'testkit'],
    modules: [
      { module: /^undici(\/|$)/ },
      { module: /^node:(dgram|dns|dns\/promises|http|http2|https|net|tls)$/ },
    ],
    globals: ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'],
    exceptions: {
      'client-sdk': { globals: ['fetch'] },
      // Reads the pipe that its children print to.
      'process-host': { modules: [{ module: /^node:net$/, names: /^Socket$/ }] },
      'http-api': {
        modules: [
          { module: /^node:http$/, names: /^(createServer|Server|ServerResponse|STATUS_CODES)$/ },
        ],
      },
    },
  },
  {
    rule: 'child processes only in process-host',
    owners: ['process-host', 'daemon', 'cli', 'testkit'],
    modules: [{ module: /^node:(child_process|cluster)$/ }],
  },
  {
    rule: 'the environment only in apps',
    owners: ['daemon', 'cli', 'testkit'],
    modules: [{ module: /^node:process$/, names: /^env$/ }],
    globals: ['process.env', 'import.meta.env'],
  },
  {
    rule: 'the real clock only in apps',
    owners: ['daemon', 'cli', 'testkit'],
    modules: [
      { module: /^node:perf_hooks$/ },
      { module: /^node:process$/, names: /^(hrtime|uptime)$/ },
    ],
    globals: [
      'Date.now',
      'new Date()',
      'Date()',
      'performance.now',
      'process.hrtime',
      'process.uptime',
    ],
    // A published client brings its own clock and chance; see its platform.ts.
    exceptions: { 'client-sdk': { globals: ['Date.now', 'performance.now'] } },
  },
  {
    rule: 'timers only in apps',
    owners: ['daemon', 'cli', 'testkit'],
    modules: [{ module: /^node:timers(\/promises)?$/ }],
    globals: ['setTimeout', 'setInterval', 'setImmediate', 'AbortSignal.timeout'],
    exceptions: {
      'client-sdk': { globals: ['setTimeout'] },
      'state-store': {
        modules: [{ module: /^node:timers(\/promises)?$/, names: /^setImmediate$/ }],
        globals: ['setImmediate'],
      },
      // A turn of the event loop is no time: nothing waits for a clock.
      'workspace-tools': { globals: ['setImmediate'] },
      'process-host': { globals: ['setImmediate'] },
    },
  },
  {
    rule: 'randomness only in apps',
    owners: ['daemon', 'cli', 'testkit'],
    modules: [{ module: /^node:crypto$/, names: random }],
    globals: [
      'Math.random',
      'crypto.getRandomValues',
      'crypto.randomBytes',
      'crypto.randomInt',
      'crypto.randomUUID',
      'sodium.randombytes_buf',
    ],
    exceptions: { 'client-sdk': { globals: ['crypto.getRandomValues'] } },
  },
  {
    rule: 'no Node in what a browser runs',
    owners: Object.keys(mayImport).filter((name) => name !== 'core-model' && name !== 'client-sdk'),
    modules: [{ module: /^node:/ }],
    globals: ['process', 'Buffer', '__dirname', 'require'],
  },
];
