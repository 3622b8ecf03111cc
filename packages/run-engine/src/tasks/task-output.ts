import { type TaskOutputView, type TaskState, isEnded } from '@kheish/core-model';
import type { OutputRange, Store } from '@kheish/state-store';
import { taskView } from '../view/task-view.ts';
import { cutAtEnd, cutAtStart, excerptOf } from './output-text.ts';

const DEFAULT_TAIL_BYTES = 32_768;
const PAGE_BYTES = 262_144;

/** Which part of the output: its end, all that is kept, or what comes after a position. */
export interface OutputRequest {
  readonly tailBytes?: number;
  readonly full?: boolean;
  readonly offset?: number;
}

interface Printed {
  readonly bytes: Buffer;
  readonly from: number;
  readonly excerpt: string;
  readonly total: number;
  readonly rotations: number;
  readonly file?: string;
}

/** What the task printed; `total` of one that runs is what it has printed so far. */
export async function taskOutput(
  store: Store,
  task: TaskState,
  total: number | undefined,
  request: OutputRequest,
): Promise<Omit<TaskOutputView, 'retrieval_status'>> {
  const choose = choiceOf(request);
  const printed =
    task.kind === 'shell' && !isEnded(task.status)
      ? runningOutput(store, task, total, choose)
      : await storedOutput(store, task, choose);
  const record = taskView(task, store.read.openTasks(task.session_id));
  const start = cutAtStart(printed.bytes);
  const end = printed.bytes.length - cutAtEnd(printed.bytes);
  const bytes = printed.bytes.subarray(start, Math.max(start, end));
  const offset = printed.from + start;
  return {
    task: record,
    ...(printed.file !== undefined && { output_file_path: printed.file }),
    output_excerpt: printed.excerpt,
    output_text: bytes.toString(),
    output_offset: offset,
    next_offset: offset + bytes.length,
    output_truncated: bytes.length < printed.total,
    output_size_bytes: bytes.length,
    output_total_bytes: printed.total,
    output_rotated: printed.rotations > 0,
    output_rotation_count: printed.rotations,
  };
}

function choiceOf({ tailBytes = DEFAULT_TAIL_BYTES, full, offset }: OutputRequest) {
  return ({ from, until }: OutputRange): OutputRange => {
    if (full) return { from, until };
    if (offset !== undefined) {
      // What was given up is skipped, and `output_offset` says so.
      const start = Math.max(offset, from);
      return { from: start, until: start + PAGE_BYTES };
    }
    return { from: until - tailBytes, until };
  };
}

type Choose = ReturnType<typeof choiceOf>;

function runningOutput(
  store: Store,
  { task_id: id }: TaskState,
  total: number | undefined,
  choose: Choose,
): Printed {
  const { bytes, from, kept, rotations } = store.taskOutput.read(id, total, choose);
  const end = store.taskOutput.read(id, total, ({ until }) => ({ from: until - 600, until }));
  return {
    bytes,
    from,
    excerpt: excerptOf(end.bytes),
    total: total ?? kept.until,
    rotations,
    file: store.taskOutput.fileOf(id),
  };
}

async function storedOutput(store: Store, task: TaskState, choose: Choose): Promise<Printed> {
  const { output = '', shell_end: end, session_id: sessionId } = task;
  const all = Buffer.from(await store.blobs.text(sessionId, output));
  const total = end?.output_total_bytes ?? all.length;
  const first = Math.max(0, total - all.length);
  const wanted = choose({ from: first, until: first + all.length });
  const from = Math.min(Math.max(wanted.from, first), first + all.length);
  const bytes = all.subarray(from - first, Math.max(0, wanted.until - first));
  return {
    bytes,
    from,
    excerpt: end?.output_excerpt ?? excerptOf(all),
    total,
    rotations: end?.output_rotation_count ?? 0,
  };
}
