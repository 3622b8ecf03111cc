export { createEgress, type Egress, type EgressOptions, type EgressRequest } from './egress.ts';
export type { EgressLimits, EgressResponse } from './exchange.ts';
export type { EgressPolicy } from './policy.ts';
export type { Resolve } from './address/public-lookup.ts';
