import { buildPackages } from '../../scripts/tools.ts';

/** System tests start bin/kheish, which runs what is built. */
export default async function setup(): Promise<void> {
  const { ok, output } = await buildPackages();
  if (!ok) throw new Error(`the build failed\n${output}`);
}
