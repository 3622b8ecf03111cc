import { KheishError } from '@kheish/core-model';
import { type Caller, identityOf } from '@kheish/http-api';

/**
 * For whom a caller acts: whom it names, else its own named token. A token's name is not for others to take. Throws
 * `api/bad_request`.
 */
export function actorOf(caller: Caller, claimed: string | undefined): { actor_id?: string } {
  const { tokenId } = caller;
  if (claimed === undefined) return tokenId === undefined ? {} : { actor_id: identityOf(caller) };
  if (!claimed.startsWith('token:') || claimed === identityOf(caller)) return { actor_id: claimed };
  throw new KheishError('api/bad_request', 'An actor_id of another token is not yours to give.');
}
