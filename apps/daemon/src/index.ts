export {
  generateMasterKey,
  offlineSecrets,
  offlineVerify,
  type OfflineSecrets,
} from './offline.ts';
export type {
  MasterKeySource,
  ServeOptions,
  SingleRouteOptions,
  TokenSource,
} from './serve-options.ts';
export { serve } from './serve.ts';
