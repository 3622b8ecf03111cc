import type { SigningKeySource } from '@kheish/audit-ledger';

/** Where the master key of the auth store comes from: at most one of the two. */
export interface MasterKeySource {
  /** The value of `KHEISH_AUTH_STORE_MASTER_KEY`. */
  readonly inline?: string;
  /** The value of `KHEISH_AUTH_STORE_MASTER_KEY_FILE`, a path. */
  readonly file?: string;
}

/** A token of the control plane, or the file that holds it and is read at each decision: at most one of the two. */
export interface TokenSource {
  readonly value?: string;
  readonly file?: string;
}

/** The one route of a daemon without a routes file. Absent parts have the driver's defaults. */
export interface SingleRouteOptions {
  readonly provider?: string;
  readonly model?: string;
  readonly apiKey?: string;
  readonly anthropicBaseUrl?: string;
  readonly googleBaseUrl?: string;
  readonly openaiBaseUrl?: string;
  readonly openrouterBaseUrl?: string;
  readonly xaiBaseUrl?: string;
  readonly anthropicVersion?: string;
  readonly anthropicBetaHeaders?: readonly string[];
  readonly openaiOrganization?: string;
  readonly openaiProject?: string;
}

/** What `kheish serve` was told, by flags first and the environment second. Paths are as given. */
export interface ServeOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly bind: string;
  readonly stateRoot: string;
  /** Absent: the current directory. */
  readonly workspaceRoot?: string;
  readonly backupDir?: string;
  readonly routesFile?: string;
  readonly defaultRoute?: string;
  readonly singleRoute: SingleRouteOptions;
  readonly httpAuthMode: 'auto' | 'none' | 'bearer';
  /** Origins of pages that may call; none: all of this machine. */
  readonly corsAllowOrigins: readonly string[];
  readonly adminToken: TokenSource;
  readonly readonlyToken: TokenSource;
  /** `auto`: pretty where stderr is a terminal, JSON elsewhere. */
  readonly logFormat: 'auto' | 'pretty' | 'json';
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug' | 'trace';
  /** Milliseconds that steps under way get at shutdown. */
  readonly drainTimeoutMs: number;
  readonly masterKeySource: MasterKeySource;
  readonly signingKeySource: SigningKeySource;
  /** For `api_key_env` and its like in a routes file; the master key and the tokens are not in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
