import type { Page, StreamFrame } from '@kheish/client-sdk';
import type { Colors } from './colors.ts';
import type { Columns } from './columns.ts';
import type { OutputForm } from './form.ts';
import { renderJson, renderPretty } from './json.ts';

/** Writes results to stdout in the form that was chosen. */
export class Printer {
  readonly form: OutputForm;
  readonly #colored: boolean;

  constructor(form: OutputForm, colored: boolean) {
    this.form = form;
    this.#colored = colored;
  }

  async view(view: unknown): Promise<void> {
    if (this.form === 'table') {
      const { renderView } = await import('./table.ts');
      return write(renderView(view, await this.#colors()));
    }
    return write(this.form === 'json' ? renderJson(view) : renderPretty(view));
  }

  async list<T>(items: readonly T[], columns: Columns<T>): Promise<void> {
    if (this.form !== 'table') return this.view(items);
    const { renderList } = await import('./table.ts');
    return write(renderList(items, columns, await this.#colors()));
  }

  /** A page with its cursor: JSON in every form, since it is for programs. */
  async page(page: Page<unknown>): Promise<void> {
    return write(this.form === 'json' ? renderJson(page) : renderPretty(page));
  }

  async frames(frames: AsyncIterable<StreamFrame>): Promise<void> {
    for await (const frame of frames) await this.#frame(frame);
  }

  async #frame({ id, event }: StreamFrame): Promise<void> {
    if (this.form === 'table') {
      const { describeEvent } = await import('./event-line.ts');
      const colors = await this.#colors();
      return write(`${colors.dim((id ?? '').padStart(8))} ${describeEvent(event)}\n`);
    }
    const line = { ...(id !== undefined && { id }), event: event.type, data: event };
    return write(this.form === 'json' ? renderJson(line) : renderPretty(line));
  }

  async #colors(): Promise<Colors> {
    const { default: picocolors } = await import('picocolors');
    return picocolors.createColors(this.#colored);
  }
}

/** Resolves when stdout has taken the text, so that a slow reader slows the command down. */
export async function write(text: string): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}
