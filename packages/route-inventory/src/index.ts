export {
  capabilityNames,
  driverTraits,
  routeDrivers,
  type Capability,
  type RouteDriver,
} from './driver.ts';
export { parseRoutesFile } from './file/parse-routes-file.ts';
export { inventoryFromFlags, type RouteFlags } from './inventory-from-flags.ts';
export {
  InlineKey,
  capabilityMatrix,
  contextWindowOf,
  emptyInventory,
  routeView,
  supportsModel,
  withDefaultRoute,
  type Route,
  type RouteCredential,
  type RouteInventory,
} from './route.ts';
export { routeReadiness, type SetCommand, type SlotLookup } from './route-readiness.ts';
export { resolveSelector, routeOfPin, type RouteRequest } from './selector/resolve-selector.ts';
export { splitSelector, type SelectorParts } from './selector/split-selector.ts';
