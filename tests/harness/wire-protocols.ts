import { type NetworkDriver, fakeProtocolOf } from '@kheish/testkit';

/** What a provider of a driver expects, and what a route of it needs. */
interface Wire {
  readonly model: string;
  /** Where a call of a model goes. */
  readonly path: (model: string) => string;
  /** The header that carries the key, and its value. */
  readonly credential: (key: string) => readonly [header: string, value: string];
  /** Whether reasoning goes back to the provider with the next step. */
  readonly replaysReasoning: boolean;
  /** What `secrets set` calls the provider, and what the slot is called on the wire. */
  readonly slotProvider: 'generic' | 'anthropic' | 'google' | 'open_ai' | 'open_router' | 'x_ai';
  /** Arguments are JSON inside JSON: broken ones end the answer, and the model is asked again. */
  readonly argumentsInJson?: true;
}

const bearer = (key: string) => ['authorization', `Bearer ${key}`] as const;

const wires: Readonly<Record<NetworkDriver, Wire>> = {
  anthropic: {
    model: 'claude-fake',
    path: () => '/v1/messages',
    credential: (key) => ['x-api-key', key],
    replaysReasoning: true,
    slotProvider: 'anthropic',
  },
  google: {
    model: 'gemini-fake',
    path: (model) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    credential: (key) => ['x-goog-api-key', key],
    replaysReasoning: true,
    slotProvider: 'google',
    argumentsInJson: true,
  },
  openai: {
    model: 'gpt-fake',
    path: () => '/v1/responses',
    credential: bearer,
    replaysReasoning: true,
    slotProvider: 'open_ai',
  },
  openrouter: {
    model: 'fake/model',
    path: () => '/v1/chat/completions',
    credential: bearer,
    replaysReasoning: true,
    slotProvider: 'open_router',
  },
  xai: {
    model: 'grok-fake',
    path: () => '/v1/chat/completions',
    credential: bearer,
    replaysReasoning: false,
    slotProvider: 'x_ai',
  },
  openai_compatible: {
    model: 'fake-1',
    path: () => '/v1/chat/completions',
    credential: bearer,
    replaysReasoning: false,
    slotProvider: 'generic',
  },
};

/** A driver with the protocol that its provider speaks, and what a route of it needs. */
export type WireProtocol = Wire & {
  readonly driver: NetworkDriver;
  readonly protocol: (typeof fakeProtocolOf)[NetworkDriver];
};

export function wireProtocol(driver: NetworkDriver): WireProtocol {
  return { ...wires[driver], driver, protocol: fakeProtocolOf[driver] };
}

/** All that there are: what runs over them runs over every driver. */
export const wireProtocols = (Object.keys(fakeProtocolOf) as NetworkDriver[]).map(wireProtocol);

/** A table of the routes file; `credential` is one of its lines. */
export function routeTable(
  { driver, model }: WireProtocol,
  baseUrl: string,
  credential: string,
): string {
  return `[routes.${driver}]
driver = "${driver}"
base_url = "${baseUrl}"
default_model = "${model}"
${credential}
`;
}
