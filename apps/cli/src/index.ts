export { exitCodes } from './exit-codes.ts';
export { createProgram } from './program.ts';
