import { KheishError } from '@kheish/core-model';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const hostAndPort = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/;
const loopbackBind = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[?::1\]?)$/i;

/**
 * Refuses requests that a browser was led to send here under another name (DNS rebinding). Only a loopback bind is
 * checked: elsewhere the daemon may have any name, and a token is required.
 */
export function hostCheck(bindHost: string): (host: string | undefined) => void {
  if (!loopbackBind.test(bindHost)) return () => undefined;
  const bracketed = bindHost.includes(':') && !bindHost.startsWith('[');
  const allowed = new Set([
    ...loopbackNames,
    (bracketed ? `[${bindHost}]` : bindHost).toLowerCase(),
  ]);
  return (host) => {
    const name = hostAndPort.exec((host ?? '').toLowerCase())?.[1];
    if (name === undefined || !allowed.has(name)) {
      throw new KheishError('api/host_not_allowed', 'The Host header does not name this daemon.');
    }
  };
}
