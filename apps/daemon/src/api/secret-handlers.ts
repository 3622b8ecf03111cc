import type { SecretStore } from '@kheish/auth-store';
import type { Handlers } from '@kheish/http-api';
import { answered } from './answered.ts';
import { page, pageRequest } from './page-request.ts';

type SecretOperation = 'listSecrets' | 'setSecret' | 'getSecret' | 'deleteSecret';

export function secretHandlers(secrets: SecretStore): Pick<Handlers, SecretOperation> {
  return {
    listSecrets: ({ query }) => {
      const { limit, after = '' } = pageRequest(query);
      const rows = secrets.list().filter((slot) => slot.slot_id > after);
      return page(
        rows,
        limit,
        'slot_id_asc',
        (slot) => slot.slot_id,
        (shown) => [...shown],
      );
    },
    setSecret: async ({ body, idempotency }) =>
      idempotency === undefined
        ? secrets.set(body)
        : answered(await secrets.setOnce(body, idempotency)),
    getSecret: ({ path }) => secrets.get(path.secret_ref),
    deleteSecret: async ({ path }) => {
      await secrets.delete(path.secret_ref);
      return { accepted: true };
    },
  };
}
