export type { CallDelta } from './call/call-attempt.ts';
export { callModel, type ModelAnswer, type ModelCall } from './call/call-model.ts';
export { defaultCallPolicy, type CallPolicy } from './call/call-policy.ts';
export { createModelDriver, type ModelDriverConfig } from './create-model-driver.ts';
export type { Credentials, LeasedCredentials } from './credentials.ts';
export { modelDriverNames, type ModelDriverName } from './model-driver-table.ts';
export { scriptedDriver } from './scripted/scripted-driver.ts';
