import { buildPackages } from './tools.ts';

const { ok } = await buildPackages('show');
if (ok) console.error('quickstart: not written yet');
process.exitCode = 1;
