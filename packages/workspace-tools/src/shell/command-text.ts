import type { ExitReport, KeptOutput, SandboxReport } from '@kheish/process-host';

/** Bytes that are not text, of all: more of them, and it is called binary. */
const MOST_INVALID = 0.1;
/** Room for what is said about a command, beside its output. */
const NOTE_BYTES = 1024;
/** What is kept of either end, so that the text of both fits even where a tenth of it is three times as long. */
const END_SHARE = 0.4;

export function keptBytes(maxOutputBytes: number): { headBytes: number; tailBytes: number } {
  const bytes = Math.floor((maxOutputBytes - NOTE_BYTES) * END_SHARE);
  return { headBytes: bytes, tailBytes: bytes };
}

/** What a model is told of a command: its output, and after it what became of it, in brackets. */
export function commandText(report: ExitReport, timeoutMs: number, sandbox: SandboxReport): string {
  const output = outputText(report.output);
  const notes = [...endNotes(report, timeoutMs)];
  if (sandbox.kind === 'none') {
    notes.push(`There is no sandbox: ${sandbox.reason}. The command had the daemon's rights.`);
  }
  const text = notes.map((note) => `[${note}]`).join('\n');
  return output === '' ? text : `${output}${output.endsWith('\n') ? '' : '\n'}\n${text}`;
}

function* endNotes(report: ExitReport, timeoutMs: number): Generator<string> {
  const { exit_code, signal, stopped, death, remaining_pids = [] } = report;
  if (stopped !== undefined) {
    yield stopped === 'timeout'
      ? `Stopped: it took longer than ${timeoutMs} ms.`
      : `Stopped: ${stopped}.`;
  }
  if (exit_code !== undefined) yield `exit code ${exit_code}`;
  else if (signal !== undefined) yield `ended by ${signal}`;
  if (death === 'unproven') {
    const seen = remaining_pids.length === 0 ? '' : ` Seen alive: ${remaining_pids.join(', ')}.`;
    yield `Not all that it started could be proven dead.${seen}`;
  }
}

function outputText({ head, tail, omitted, total }: KeptOutput): string {
  const parts = omitted > 0 ? [untilCut(head), fromCut(tail)] : [Buffer.concat([head, tail])];
  const texts = parts.map(textOf);
  if (texts.includes(undefined)) return `[${total} bytes of output that are not text]`;
  const [first = '', last = ''] = texts;
  if (omitted === 0) return first;
  return `${first}${first.endsWith('\n') ? '' : '\n'}[${omitted} bytes of output left out]\n${last}`;
}

/** Undefined where it is not text. */
function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  const text = bytes.toString('utf8');
  const invalid = text.split('\ufffd').length - 1;
  return invalid > text.length * MOST_INVALID ? undefined : text;
}

const isContinuation = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** Without the part of a character at its end. */
function untilCut(bytes: Buffer): Buffer {
  let lead = bytes.length - 1;
  while (bytes.length - lead < 4 && isContinuation(bytes[lead])) lead -= 1;
  return (bytes[lead] ?? 0) >= 0xc0 ? bytes.subarray(0, lead) : bytes;
}

/** Without the part of a character at its start. */
function fromCut(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start += 1;
  return bytes.subarray(start);
}
