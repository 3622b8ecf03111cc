export { ManualClock, systemRandom } from './clock/manual-clock.ts';
export { plainSealer } from './ledger/plain-sealer.ts';
export { type Listening, listening } from './network/listening.ts';
export { OutgoingConnects } from './network/outgoing-connects.ts';
export { names, publicAddress, resolveNames, trap, v4, v6 } from './network/public-world.ts';
export { notRun } from './not-run/not-run.ts';
export {
  startFakeProvider,
  type FakeProvider,
  type FakeProviderOptions,
  type RecordedRequest,
} from './providers/fake-provider.ts';
export { fakeProtocolOf, type FakeProtocol, type NetworkDriver } from './providers/protocols.ts';
export type { FakeReply, FakeToolCall, FakeTurn } from './providers/turn.ts';
