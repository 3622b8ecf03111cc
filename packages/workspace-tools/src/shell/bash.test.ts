import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { ProcessIdentity } from '@kheish/core-model';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createShellTools } from '../create-workspace-tools.ts';
import { Shell } from '../testing/shell.ts';

const refused = (code: string) => expect.objectContaining({ code }) as Error;

function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

describe('an answer', () => {
  test('has both outputs in their order, then the exit code', async () => {
    await using shell = await Shell.open('auto');
    const command = 'echo one; echo two >&2; echo three; exit 3';
    expect(await shell.call({ command })).toEqual({ content: 'one\ntwo\nthree\n\n[exit code 3]' });
    expect(await shell.call({ command: 'printf end' })).toEqual({
      content: 'end\n\n[exit code 0]',
    });
    expect(await shell.call({ command: 'true' })).toEqual({ content: '[exit code 0]' });
  });

  test('says that it was stopped after its time', async () => {
    await using shell = await Shell.open('auto');
    const { content } = await shell.call({ command: 'echo up; sleep 1000', timeout_ms: 200 });
    expect(content).toBe('up\n\n[Stopped: it took longer than 200 ms.]\n[exit code 143]');
  });

  test('says that there is no sandbox', async () => {
    await using shell = await Shell.open('off');
    const { content } = await shell.call({ command: 'kill -9 $$' });
    expect(content).toBe(
      "[ended by SIGKILL]\n[There is no sandbox: it is turned off. The command had the daemon's rights.]",
    );
  });

  test('has beginning and end of a long output, in whole characters, within its bound', async () => {
    await using shell = await Shell.open('auto');
    // Whatever a cut falls on, it falls into some of these characters.
    for (const character of ['é', '€', '🗻', 'x€', 'xx🗻']) {
      const command = `for i in $(seq 1 3000); do printf ${character}; done; printf '\\nlast'`;
      const { content } = await shell.call({ command });
      const [head = '', note, ...tail] = content.split('\n');
      expect(head).toMatch(new RegExp(`^(${character})+x{0,2}$`, 'u'));
      expect(note).toMatch(/^\[\d+ bytes of output left out\]$/);
      expect(tail.join('\n')).toMatch(
        new RegExp(`^x{0,2}[€🗻]?(${character})+\nlast\n\n\\[exit code 0\\]$`, 'u'),
      );
      expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
      expect(Buffer.byteLength(content)).toBeGreaterThan(2000);
    }
  });

  test('is within its bound also where stray bytes are shown as longer characters', async () => {
    await using shell = await Shell.open('auto');
    const command = String.raw`for i in $(seq 1 3000); do printf 'abcdefghijk\351'; done`;
    const { content } = await shell.call({ command });
    expect(content).toContain('\ufffdabcdefghijk\ufffd');
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
  });

  test('calls binary what is not text, and keeps a stray byte in a text', async () => {
    await using shell = await Shell.open('auto');
    expect(await shell.call({ command: 'head -c 100000 /dev/zero' })).toEqual({
      content: '[100000 bytes of output that are not text]\n\n[exit code 0]',
    });
    expect(await shell.call({ command: String.raw`printf '\377\376\375\374'` })).toEqual({
      content: '[4 bytes of output that are not text]\n\n[exit code 0]',
    });
    const late = 'yes | head -c 50000; head -c 50000 /dev/zero';
    expect(await shell.call({ command: late })).toEqual({
      content: '[100000 bytes of output that are not text]\n\n[exit code 0]',
    });
    const { content } = await shell.call({ command: String.raw`printf 'a caf\351 and more\n'` });
    expect(content).toBe('a caf\ufffd and more\n\n[exit code 0]');
  });

  test('does not wait for what was left in the background', async () => {
    await using shell = await Shell.open('auto');
    const { content } = await shell.call({ command: 'sleep 1000 & setsid sleep 1000 & echo on' });
    expect(content).toBe('on\n\n[exit code 0]');
  });
});

describe('the line', () => {
  test.each([
    ['[[ a == a ]] && echo "bash"', 'bash'],
    ['-x; echo on', 'on'],
    ['echo \'a  b\' "$HOME" $((1+1)) *', 'a  b /tmp 2 file'],
    ['cat <<E\nx $PATH\nE', 'x /usr/bin:/bin'],
  ])('%j is taken as bash takes it', async (command, answer) => {
    await using shell = await Shell.open('auto', { file: '' });
    const { content } = await shell.call({ command });
    expect(content).toContain(`${answer}\n\n[exit code 0]`);
  });

  test('is refused where the system could not take it', async () => {
    await using shell = await Shell.open('auto');
    const invalid = refused('tools/invalid_input');
    const parse = (command: string) => () => shell.tool.parse({ command });
    expect(parse('')).toThrow(invalid);
    expect(parse('echo \0')).toThrow(invalid);
    expect(parse('echo \ud83d')).toThrow(invalid);
    expect(parse('é'.repeat(50_001))).toThrow(invalid);
    const { content } = await shell.call({ command: `: ${'é'.repeat(49_000)}` });
    expect(content).toBe('[exit code 0]');
  });
});

describe('the directory', () => {
  const files = { 'sub/file': '', 'hidden/file': '' };

  test('is the workspace, or one in it', async () => {
    await using shell = await Shell.open('auto', files);
    const root = shell.workspace.root;
    expect((await shell.call({ command: 'pwd' })).content).toBe(`${root}\n\n[exit code 0]`);
    for (const cwd of ['sub', './sub/', 'sub/../sub', `${root}/sub`]) {
      const { content } = await shell.call({ command: 'pwd', cwd });
      expect(content).toBe(`${root}/sub\n\n[exit code 0]`);
    }
  });

  test.each([
    ['..', 'tools/path_not_allowed'],
    ['/etc', 'tools/path_not_allowed'],
    ['hidden', 'tools/not_found'],
    ['absent', 'tools/not_found'],
    ['sub/file', 'tools/unreadable'],
  ])('is not %s', async (cwd, code) => {
    await using shell = await Shell.open('auto', files);
    await expect(shell.call({ command: 'pwd', cwd })).rejects.toThrow(refused(code));
    await expect(shell.tool.bind({ command: 'pwd', cwd })).rejects.toThrow(refused(code));
  });

  test('and the program are bound as they will be found', async () => {
    await using shell = await Shell.open('auto', { 'sub/ls': '' });
    const binding = await shell.tool.bind({ command: 'cat ls', cwd: 'sub' });
    expect(binding).toMatchObject({
      cwd: shell.workspace.at('sub'),
      argv: ['cat', 'ls'],
      executable: '/usr/bin/cat',
      files: [{ path: '/usr/bin/cat' }, { path: shell.workspace.at('sub/ls') }],
    });
  });
});

test.each(['auto', 'off'] as const)(
  'with the sandbox %s nothing has happened when the effect begins [holds processes.held]',
  async (sandbox) => {
    await using shell = await Shell.open(sandbox);
    const seen: unknown[] = [];
    const begin = async (identity?: ProcessIdentity) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(lives(identity?.pid ?? 0), existsSync(shell.workspace.at('done')));
    };
    await shell.call({ command: 'touch done' }, { begin });
    expect(seen).toEqual([true, false]);
    expect(existsSync(shell.workspace.at('done'))).toBe(true);
  },
);

test.each(['auto', 'off'] as const)(
  'with the sandbox %s nothing happens when the effect cannot begin',
  async (sandbox) => {
    await using shell = await Shell.open(sandbox);
    let pid = 0;
    const begin = (identity?: ProcessIdentity) => {
      pid = identity?.pid ?? 0;
      return Promise.reject(new Error('the disk is full'));
    };
    await expect(shell.call({ command: 'touch done' }, { begin })).rejects.toThrow('disk is full');
    expect(pid).toBeGreaterThan(0);
    expect(lives(pid)).toBe(false);
    expect(existsSync(shell.workspace.at('done'))).toBe(false);
  },
);

test('nothing happens when it is cancelled while the effect begins', async () => {
  await using shell = await Shell.open('auto');
  const cancel = new AbortController();
  const begin = () => {
    cancel.abort(new Error('cancelled'));
    return Promise.resolve();
  };
  const call = shell.call({ command: 'touch done' }, { begin, signal: cancel.signal });
  await expect(call).rejects.toThrow('cancelled');
  expect(existsSync(shell.workspace.at('done'))).toBe(false);
});

test.each(['auto', 'off'] as const)(
  'with the sandbox %s it is cancelled when all that it started is dead [holds processes.proven_dead]',
  async (sandbox) => {
    await using shell = await Shell.open(sandbox);
    const cancel = new AbortController();
    let pid = 0;
    const begin = (identity?: ProcessIdentity) => {
      pid = identity?.pid ?? 0;
      return Promise.resolve();
    };
    const command = `trap '' TERM; (setsid sleep 1000 &); touch up; while :; do date +%N > beat; sleep 0.01; done`;
    const call = shell.call({ command }, { begin, signal: cancel.signal });
    await expect.poll(() => existsSync(shell.workspace.at('up')), { timeout: 25_000 }).toBe(true);
    cancel.abort(new Error('cancelled'));
    await expect(call).rejects.toThrow('cancelled');
    expect(lives(pid)).toBe(false);
    const last = readFileSync(shell.workspace.at('beat'), 'utf8');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(readFileSync(shell.workspace.at('beat'), 'utf8')).toBe(last);
  },
);

test('a call may ask for the network only where that is allowed', async () => {
  await using shell = await Shell.open('off');
  const { host, workspace } = shell;
  const config = { host, workspaceRoot: workspace.root, hidden: [] };
  const [tool] = createShellTools({ ...config, networkAllowed: false });
  expect(tool?.inputSchema['properties']).not.toHaveProperty('network');
  const invalid = refused('tools/invalid_input');
  expect(() => tool?.parse({ command: 'true', network: true })).toThrow(invalid);
  expect(tool?.parse({ command: 'true' })).toEqual({ command: 'true' });
});

describe('what was approved', () => {
  const files = { 'script.sh': 'echo as approved', 'other/script.sh': 'echo other' };
  const command = 'sh script.sh';

  test('is run as long as it is the same', async () => {
    await using shell = await Shell.open('off', files);
    const approved = await shell.tool.bind({ command });
    const { content } = await shell.call({ command }, { approved });
    expect(content).toContain('as approved');
  });

  test('is not run where its script changes while the command is held [holds approvals.exact_action]', async () => {
    await using shell = await Shell.open('off', files);
    const approved = await shell.tool.bind({ command });
    const begin = () => {
      writeFileSync(shell.workspace.at('script.sh'), 'touch done');
      return Promise.resolve();
    };
    const call = shell.call({ command }, { approved, begin });
    await expect(call).rejects.toThrow(refused('tools/approval_changed'));
    expect(existsSync(shell.workspace.at('done'))).toBe(false);
  });

  test('is not run without the sandbox that it was approved with', async () => {
    await using shell = await Shell.open('off', files);
    const approved = { ...(await shell.tool.bind({ command })), sandbox: 'bubblewrap' as const };
    const call = shell.call({ command }, { approved });
    await expect(call).rejects.toThrow(refused('tools/approval_changed'));
  });

  test('is not run elsewhere', async () => {
    await using shell = await Shell.open('off', files);
    const approved = await shell.tool.bind({ command });
    const call = shell.call({ command, cwd: 'other' }, { approved });
    await expect(call).rejects.toThrow(refused('tools/approval_changed'));
  });
});

test('the network is refused where the operator does not allow it', async () => {
  await using shell = await Shell.open('off');
  const call = shell.call({ command: 'touch done', network: true }, { reach: 'workspace_write' });
  await expect(call).rejects.toThrow(refused('tools/denied'));
  expect(existsSync(shell.workspace.at('done'))).toBe(false);
});

test('nothing is written where the operator allows reading only', async () => {
  await using shell = await Shell.open('auto', { file: 'kept' });
  const command = 'touch made; echo more >> file; cat file';
  const { content } = await shell.call({ command }, { reach: 'read_only' });
  expect(content).toContain('Read-only file system');
  expect(content).toContain('kept');
  expect(existsSync(shell.workspace.at('made'))).toBe(false);
  expect(readFileSync(shell.workspace.at('file'), 'utf8')).toBe('kept');
});

test('reading only is refused where nothing would hold the command to it', async () => {
  await using shell = await Shell.open('off');
  const call = shell.call({ command: 'touch done' }, { reach: 'read_only' });
  await expect(call).rejects.toThrow(refused('tools/denied'));
  expect(existsSync(shell.workspace.at('done'))).toBe(false);
});

test('the network is there only for a call that names it', async () => {
  await using shell = await Shell.open('auto');
  const server = createServer((socket) => socket.end('reached\n')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const command = `cat < /dev/tcp/127.0.0.1/${(server.address() as AddressInfo).port}`;
  expect((await shell.call({ command })).content).toContain('[exit code 1]');
  expect((await shell.call({ command, network: true })).content).toBe('reached\n\n[exit code 0]');
});

describe('in the background', () => {
  test('a line is held with a place for its output, looked at once more, and left running', async () => {
    await using shell = await Shell.open('auto', { 'run.sh': 'echo one; sleep 1000' });
    const input = {
      command: 'sh run.sh',
      description: 'serves',
      run_in_background: true,
    };
    const approved = await shell.tool.bind(shell.tool.parse(input));
    const file = `${shell.workspace.root}/../out`;
    let looked: unknown;
    const { content } = await shell.call(input, {
      approved,
      background: async (begun) => {
        expect([begun.command, begun.description]).toEqual([input.command, input.description]);
        const held = await begun.hold({ file, maxBytes: 1000 });
        expect(held.identity).toBeDefined();
        await begun.lastLook();
        writeFileSync(`${shell.workspace.root}/run.sh`, 'echo two; sleep 1000');
        looked = await begun.lastLook().catch((error: unknown) => error);
        const running = held.release();
        await vi.waitFor(() => expect(running.output().total).toBeGreaterThan(0));
        await running.stop('stopped');
        expect(await running.exit).toMatchObject({ stopped: 'stopped', death: 'proven' });
        return { task_id: 'task_1' };
      },
    });
    expect(content).toContain('task_1');
    expect(looked).toMatchObject({ code: 'tools/approval_changed' });
    expect(readFileSync(file, 'utf8')).not.toBe('');
  });

  test('a line that cannot be begun fails its call', async () => {
    await using shell = await Shell.open('auto');
    await expect(shell.call({ command: 'true', run_in_background: true })).rejects.toThrow(
      'there are no tasks here',
    );
  });
});
