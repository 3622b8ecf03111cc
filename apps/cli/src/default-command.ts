const valued = new Set(['--base-url', '--token', '--token-file', '--output']);
const shown = new Set(['-h', '--help', '-V', '--version']);

/** Without a subcommand, or where a flag that is not a global one comes first, `serve` is meant. */
export function withDefaultCommand(args: readonly string[]): string[] {
  for (let index = 0; index < args.length; index += 1) {
    const [flag = '', value] = (args[index] ?? '').split('=', 2);
    if (valued.has(flag)) {
      if (value === undefined) index += 1;
      continue;
    }
    return shown.has(flag) || !flag.startsWith('-') ? [...args] : ['serve', ...args];
  }
  return ['serve', ...args];
}
