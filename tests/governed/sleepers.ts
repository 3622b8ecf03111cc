import { readFileSync, readdirSync } from 'node:fs';
import { until } from '../harness/until.ts';

let count = 0;

/** Processes that sleep a time that nobody else sleeps, by which they are found, in whatever namespace they are. */
export class Sleepers {
  readonly #seconds = `77${process.pid}${(count += 1)}`;

  /** A line of shell that sleeps. */
  get sleep(): string {
    return `sleep ${this.#seconds}`;
  }

  /** Some that fork, leave their group and session, and ignore TERM; the line itself does not end either. */
  get hardToKill(): string {
    return [
      `${this.sleep} &`,
      `setsid ${this.sleep} &`,
      `(setsid sh -c 'trap "" TERM; exec ${this.sleep}' > /dev/null 2>&1 < /dev/null &)`,
      `env -i /bin/${this.sleep} &`,
      `trap "" TERM; ${this.sleep}; ${this.sleep}`,
    ].join('\n');
  }

  /** Pids of those that live. */
  get alive(): string[] {
    return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && this.#isOne(pid));
  }

  async reach(number: number): Promise<void> {
    await until(`${number} sleepers`, () => (this.alive.length === number ? true : undefined));
  }

  #isOne(pid: string): boolean {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return /(?:^|\/)sleep$/.test(words[0] ?? '') && words[1] === this.#seconds;
    } catch {
      return false;
    }
  }
}
