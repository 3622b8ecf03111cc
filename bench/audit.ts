/** What the audit costs: sealing an entry, and verifying an export in which every entry has a signature of its own. */
import { verifyExport } from '../packages/audit-ledger/src/index.ts';
import { exported } from '../packages/audit-ledger/src/testing/exported.ts';
import { MemoryLedger, testAction } from '../packages/audit-ledger/src/testing/memory-ledger.ts';

const count = Number(process.env['ENTRIES'] ?? 20_000);

async function main(): Promise<void> {
  const ledger = new MemoryLedger();
  const sealing = await seconds(async () => {
    for (let number = 0; number < count; number += 1) ledger.commit(testAction(number, 500));
  });
  say('seal, one entry per signature', (sealing / count) * 1e6, 'us/entry');
  const grouped = new MemoryLedger();
  const together = await seconds(async () => {
    for (let from = 0; from < count; from += 16) {
      grouped.commit(...Array.from({ length: 16 }, (_, at) => testAction(from + at, 500)));
    }
  });
  say('seal, 16 entries per signature', (together / count) * 1e6, 'us/entry');

  const bytes = await exported(ledger);
  say('export', bytes.length / count, 'bytes/entry');
  const rate = async (title: string, file: Uint8Array, of: number, options: object) => {
    let ok = false;
    const took = await seconds(async () => {
      ok = (await verifyExport(chunks(file), options)).ok;
    });
    if (!ok) throw new Error('the export does not verify');
    say(title, of / took, 'entries/s');
  };
  const few = Math.ceil(count / 20);
  const small = await exported(new MemoryLedger().grow(few * 2));
  for (let round = 0; round < 2; round += 1)
    await verifyExport(chunks(bytes), { hashesOnly: true });
  await rate('verify, hashes only', bytes, count, { hashesOnly: true });
  await rate('verify, with signatures', bytes, count, {});
  const single = new MemoryLedger();
  for (let number = 0; number < few; number += 1) single.commit(testAction(number));
  await rate('verify, portable', await exported(single), few, { portable: true });
  await rate('verify, two entries per signature', small, few * 2, {});
}

/** Of the processor: others on the machine do not count. */
async function seconds(act: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 1_048_576) {
    yield bytes.subarray(from, from + 1_048_576);
  }
}

function say(title: string, value: number, unit: string): void {
  console.log(`${title.padEnd(40)} ${value.toFixed(1).padStart(12)} ${unit}`);
}

await main();
