import { parseMasterKey, recordsOf } from '@kheish/auth-store';
import { KheishError } from '@kheish/core-model';
import type { Handlers } from '@kheish/http-api';
import { hideKey } from '../config/daemon-secrets.ts';
import type { DaemonOptions } from '../lifecycle/daemon-options.ts';
import type { DaemonParts } from '../lifecycle/daemon-parts.ts';
import { answered } from './answered.ts';
import { page, pageRequest } from './page-request.ts';

type SecretOperation =
  | 'listSecrets'
  | 'setSecret'
  | 'getSecret'
  | 'deleteSecret'
  | 'rekeySecrets'
  | 'importSecrets';

export function secretHandlers(
  { secrets, routes }: Pick<DaemonParts, 'secrets' | 'routes'>,
  { redactor, log }: Pick<DaemonOptions, 'redactor' | 'log'>,
): Pick<Handlers, SecretOperation> {
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
    deleteSecret: async ({ path: { secret_ref: ref }, query }) => {
      secrets.get(ref);
      const users = routes.routesOfSlot(ref);
      if (users.length > 0 && query.force !== 'true') throw inUse(ref, users);
      await secrets.delete(ref);
      return { accepted: true };
    },
    rekeySecrets: async ({ body, idempotency }) => {
      hideKey(body.new_master_key, (text) => redactor.add(text));
      const next = parseMasterKey(body.new_master_key);
      const answer =
        idempotency === undefined
          ? { result: await secrets.rekey(next) }
          : await secrets.rekeyOnce(next, idempotency);
      if ('result' in answer) {
        const { next_start, ...facts } = answer.result;
        log.warn(facts, next_start);
      }
      return answered(answer);
    },
    importSecrets: async ({ body, idempotency }) => {
      const records = recordsOf(body);
      const { replace = false } = body;
      return idempotency === undefined
        ? secrets.import(records, replace)
        : answered(await secrets.importOnce(records, replace, idempotency));
    },
  };
}

function inUse(slotId: string, routes: readonly string[]): KheishError {
  const names = routes.map((id) => `"${id}"`).join(', ');
  return new KheishError(
    'secrets/secret_in_use',
    `The secret "${slotId}" is used by ${routes.length === 1 ? 'route' : 'the routes'} ${names}, which would be refused without it. Delete it anyway with --force (force=true).`,
  );
}
