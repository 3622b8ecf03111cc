import type { Database, Statement } from 'better-sqlite3';
import { readError } from './storage-error.ts';

/** A prepared statement, as far as this package uses it. */
export interface Prepared<P extends unknown[], R> {
  run(...parameters: P): unknown;
  get(...parameters: P): R | undefined;
  all(...parameters: P): R[];
}

export interface PreparedRead<P extends unknown[], R> extends Omit<Prepared<P, R>, 'run'> {
  iterate(...parameters: P): Iterable<R>;
}

interface Kept {
  readonly sql: string;
  statement: Statement;
}

/** The store's one connection. Its statements live on when the database is opened anew. */
export class Connection {
  #db: Database;
  readonly #kept: Kept[] = [];

  constructor(db: Database) {
    this.#db = db;
  }

  get db(): Database {
    return this.#db;
  }

  /** For use within a commit, which must see SQLite's own errors. */
  readonly prepare = <P extends unknown[], R = unknown>(sql: string): Prepared<P, R> => {
    const kept: Kept = { sql, statement: this.#db.prepare(sql) };
    this.#kept.push(kept);
    return {
      run: (...parameters) => kept.statement.run(...parameters),
      get: (...parameters) => kept.statement.get(...parameters) as R | undefined,
      all: (...parameters) => kept.statement.all(...parameters) as R[],
    };
  };

  /** For readers outside a commit: what the disk does wrong comes out as an error of ours. */
  readonly prepareRead = <P extends unknown[], R = unknown>(sql: string): PreparedRead<P, R> => {
    const kept: Kept = { sql, statement: this.#db.prepare(sql) };
    this.#kept.push(kept);
    return {
      get: (...parameters) => reading(() => kept.statement.get(...parameters)) as R | undefined,
      all: (...parameters) => reading(() => kept.statement.all(...parameters)) as R[],
      *iterate(...parameters) {
        try {
          yield* kept.statement.iterate(...parameters) as Iterable<R>;
        } catch (error) {
          throw readError(error);
        }
      },
    };
  };

  /** Goes over to a new connection and closes the one before; where that throws, nothing has changed. */
  replace(db: Database): void {
    const fresh = this.#kept.map(({ sql }) => db.prepare(sql));
    const before = this.#db;
    this.#db = db;
    for (const [index, statement] of fresh.entries()) {
      const kept = this.#kept[index];
      if (kept !== undefined) kept.statement = statement;
    }
    before.close();
  }
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw readError(error);
  }
}
