import type { ApprovalRequestView, ApprovalResolution, SandboxView } from '@kheish/client-sdk';
import { oneLine } from '../output/plain-text.ts';
import { approvalLines, approvalSubject } from './approval-text.ts';
import type { Form, Taken } from './form.ts';

/** Takes `y`, `n` or `n REASON`. */
export class ApprovalForm implements Form<ApprovalResolution> {
  readonly #request: ApprovalRequestView;
  readonly #sandbox: SandboxView | undefined;

  constructor(request: ApprovalRequestView, sandbox: SandboxView | undefined) {
    this.#request = request;
    this.#sandbox = sandbox;
  }

  get lines(): readonly string[] {
    return approvalLines(this.#request, this.#sandbox, false);
  }

  get prompt(): string {
    return `allow ${oneLine(approvalSubject(this.#request), 40)}? y, n, n REASON, or s to see all of it: `;
  }

  take(line: string): Taken<ApprovalResolution> {
    const said = line.trim();
    const { id } = this.#request;
    if (/^y(?:es)?$/i.test(said)) return { resolution: { request_id: id, behavior: 'allow' } };
    if (/^s(?:how)?$/i.test(said)) {
      return { more: approvalLines(this.#request, this.#sandbox, true) };
    }
    const [denied, reason] = /^no?(?:\s+(.+))?$/is.exec(said) ?? [];
    if (denied === undefined) return { hint: 'y allows it, n or n REASON denies it' };
    return {
      resolution: {
        request_id: id,
        behavior: 'deny',
        ...(reason !== undefined && { reason }),
      },
    };
  }
}
