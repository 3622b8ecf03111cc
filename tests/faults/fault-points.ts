/**
 * How far the points of a path are apart that are tried: all of them with `FAULT_POINTS=all` (`npm run test:faults`),
 * else some, from one on that the seed chooses.
 */
export function faultStride(usually: number): number {
  return process.env['FAULT_POINTS'] === 'all' ? 1 : usually;
}
