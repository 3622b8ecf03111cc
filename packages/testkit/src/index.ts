export { notRun } from './not-run/not-run.ts';
