import type { SigningKeySource } from '@kheish/audit-ledger';
import type { MasterKey, Redactor } from '@kheish/auth-store';
import type { Clock, RandomSource, ReachCrashPoint } from '@kheish/core-model';
import type { RouteInventory } from '@kheish/route-inventory';
import type { EngineOptions } from '@kheish/run-engine';
import type { AuthMode, TokenSource } from '../access/access-policy.ts';

export interface DaemonLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface DaemonOptions {
  readonly stateRoot: string;
  readonly workspaceRoot: string;
  /** Port 0 takes a free one. */
  readonly bind: { readonly host: string; readonly port: number };
  readonly inventory: RouteInventory;
  readonly auth: {
    readonly mode: AuthMode;
    readonly admin?: TokenSource;
    readonly readonly?: TokenSource;
  };
  /** Where `backup create` puts its copies; without it there are none. */
  readonly backupDir?: string;
  /** Pages that may call: exactly these origins of this machine; none: all of it. */
  readonly corsAllowOrigins?: readonly string[];
  readonly masterKey?: MasterKey;
  /** Of the audit's signing key; without it that is kept in the state root. */
  readonly signingKeySource?: SigningKeySource;
  /** Files that the configuration names and no tool may see. */
  readonly secretFiles?: readonly string[];
  /** Where commands find programs: the form of the variable PATH. */
  readonly path?: string;
  readonly log: DaemonLog;
  readonly redactor: Redactor;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly limits?: EngineOptions['limits'];
  readonly callPolicy?: EngineOptions['callPolicy'];
  readonly reach?: ReachCrashPoint;
}
