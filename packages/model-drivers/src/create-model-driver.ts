import { KheishError, type ModelDriver } from '@kheish/core-model';
import type { DriverConfig } from './driver-config.ts';
import { type ModelDriverName, modelDriverTable } from './model-driver-table.ts';

export interface ModelDriverConfig extends DriverConfig {
  /** A name of `modelDriverNames`. */
  readonly driver: string;
}

/**
 * A driver for one route. It keeps nothing but its pool of connections, which is the egress's: making one
 * for each call is fine.
 * Throws `config/invalid_configuration`; a stream throws `models/authentication_failed` where a key is needed and absent.
 */
export async function createModelDriver(config: ModelDriverConfig): Promise<ModelDriver> {
  const { driver } = config;
  if (!Object.hasOwn(modelDriverTable, driver)) {
    throw new KheishError('config/invalid_configuration', `There is no driver "${driver}".`);
  }
  return (await factoryOf(driver as ModelDriverName))(config);
}

const factories = new Map<
  ModelDriverName,
  ReturnType<(typeof modelDriverTable)[ModelDriverName]>
>();

/** Loaded once: even a module that is there already costs a way through the loader. */
function factoryOf(name: ModelDriverName) {
  const known = factories.get(name) ?? modelDriverTable[name]();
  factories.set(name, known);
  return known;
}
