import { buildPackages } from './tools.ts';

const { ok } = await buildPackages('show');
process.exitCode = ok ? 0 : 1;
