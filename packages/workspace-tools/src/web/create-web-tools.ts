import type { Tool } from '@kheish/core-model';
import type { Egress } from '@kheish/egress';
import { webFetchTool } from './web-fetch.ts';

/** The tools that read the web: public addresses only, whatever the policy of others over the same `egress`. */
export function createWebTools(config: { readonly egress: Egress }): Tool[] {
  return [webFetchTool(config.egress)];
}
