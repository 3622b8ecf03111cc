import { globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root, runTool } from '../scripts/tools.ts';

const folders = globSync('{packages,apps}/*/package.json', { cwd: root }).map((path) =>
  dirname(path),
);
/** Inside the package, so that the example imports what a user of the package may import. */
const scratch = '.readme';

interface Readme {
  readonly prose: readonly string[];
  readonly examples: readonly string[];
}

async function readmeOf(folder: string): Promise<Readme> {
  const text = await readFile(join(root, folder, 'README.md'), 'utf8');
  const fence = /^```(?:ts)?\n([\s\S]*?)^```$/gm;
  const prose = text.replaceAll(fence, '').split('\n');
  return {
    prose: prose.filter((line) => line.trim() !== ''),
    examples: [...text.matchAll(fence)].map((match) => match[1] ?? ''),
  };
}

afterAll(async () => {
  for (const folder of folders)
    await rm(join(root, folder, scratch), { recursive: true, force: true });
});

describe('the README', () => {
  it.each(folders)(
    'of %s is short and has one example [holds house.short_readmes]',
    async (folder) => {
      const { prose, examples } = await readmeOf(folder);
      expect(prose.length).toBeLessThanOrEqual(10);
      expect(examples).toHaveLength(1);
      expect(examples[0]?.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
    },
  );
});

describe('the examples', () => {
  it('compile [holds house.examples_compile]', async () => {
    for (const folder of folders) {
      const { examples } = await readmeOf(folder);
      await mkdir(join(root, folder, scratch), { recursive: true });
      await writeFile(join(root, folder, scratch, 'example.ts'), examples.join('\n'));
    }
    const config = join(root, folders[0] ?? '', scratch, 'tsconfig.json');
    const files = folders.map((folder) => join(root, folder, scratch, 'example.ts'));
    const compilerOptions = { noUnusedLocals: false };
    await writeFile(
      config,
      JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions, files }),
    );
    const { output } = await runTool('tsc', ['-p', config], 'collect');
    expect(output).toBe('');
  });
});
