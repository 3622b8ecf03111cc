export { ManualClock, systemRandom } from './clock/manual-clock.ts';
export { notRun } from './not-run/not-run.ts';
export {
  startFakeProvider,
  type FakeProvider,
  type FakeProviderOptions,
  type RecordedRequest,
} from './providers/fake-provider.ts';
export { fakeProtocolOf, type FakeProtocol, type NetworkDriver } from './providers/protocols.ts';
export type { FakeReply, FakeToolCall, FakeTurn } from './providers/turn.ts';
