/** Three separate questions. Chain: order, nothing missing, only grown. Content: each entry is what was sealed. Independence: by whom. */
export type Aspect = 'chain' | 'content' | 'independence';

/** Something that a verification found out, or could not. */
export interface Note {
  readonly code: string;
  readonly message: string;
  /** Place in the log, or line of the file, that it is about. */
  readonly at?: number;
}

export interface AspectReport {
  readonly established: readonly Note[];
  /** What this file cannot tell, whatever is in it. */
  readonly not_established: readonly Note[];
  readonly contradictions: readonly Note[];
}

export interface VerificationReport {
  /** Nothing contradicts. It does not say that everything is established. */
  readonly ok: boolean;
  readonly subject: 'export' | 'proof' | 'checkpoint' | 'ledger';
  readonly log_id?: string;
  readonly entries: number;
  readonly seals: number;
  readonly tree_size?: number;
  readonly root_hash?: string;
  readonly key_ids: readonly string[];
  readonly chain: AspectReport;
  readonly content: AspectReport;
  readonly independence: AspectReport;
  /** All contradictions; only the first of each aspect are told. */
  readonly contradiction_count: number;
}

const TOLD = 20;

interface Lists {
  readonly established: Note[];
  readonly not_established: Note[];
  readonly contradictions: Note[];
}

export class Findings {
  readonly #lists: Record<Aspect, Lists> = {
    chain: lists(),
    content: lists(),
    independence: lists(),
  };
  #count = 0;

  get contradictions(): number {
    return this.#count;
  }

  established(aspect: Aspect, code: string, message: string, at?: number): void {
    this.#lists[aspect].established.push(note(code, message, at));
  }

  open(aspect: Aspect, code: string, message: string, at?: number): void {
    this.#lists[aspect].not_established.push(note(code, message, at));
  }

  contradict(aspect: Aspect, code: string, message: string, at?: number): void {
    this.#count += 1;
    const { contradictions } = this.#lists[aspect];
    if (contradictions.length < TOLD) contradictions.push(note(code, message, at));
  }

  report(
    facts: Omit<
      VerificationReport,
      'ok' | 'chain' | 'content' | 'independence' | 'contradiction_count'
    >,
  ): VerificationReport {
    return {
      ok: this.#count === 0,
      ...facts,
      ...this.#lists,
      contradiction_count: this.#count,
    };
  }
}

function lists(): Lists {
  return { established: [], not_established: [], contradictions: [] };
}

function note(code: string, message: string, at: number | undefined): Note {
  return { code, message, ...(at !== undefined && { at }) };
}
