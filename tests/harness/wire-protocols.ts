import type { FakeProtocol, RecordedRequest } from '@kheish/testkit';

/** A driver with the protocol that its provider speaks, and what a route of it needs. */
export interface WireProtocol {
  readonly driver: 'anthropic' | 'openai' | 'openrouter' | 'openai_compatible';
  readonly protocol: FakeProtocol;
  readonly model: string;
  /** Where a call of the model goes. */
  readonly path: (model: string) => string;
  /** The model that a request is for, and the conversation in it. */
  readonly asked: (request: RecordedRequest) => { model: unknown; conversation: unknown };
  /** The header that carries the key, and its value. */
  readonly credential: (key: string) => readonly [header: string, value: string];
  /** Whether reasoning goes back to the provider with the next step. */
  readonly replaysReasoning: boolean;
}

const bearer = (key: string) => ['authorization', `Bearer ${key}`] as const;

const askedInBody: WireProtocol['asked'] = ({ body }) => ({
  model: body['model'],
  conversation: body['messages'],
});

export const wireProtocols: readonly WireProtocol[] = [
  {
    driver: 'anthropic',
    protocol: 'anthropic',
    model: 'claude-fake',
    path: () => '/v1/messages',
    asked: askedInBody,
    credential: (key) => ['x-api-key', key],
    replaysReasoning: true,
  },
  {
    driver: 'openai',
    protocol: 'openai-responses',
    model: 'gpt-fake',
    path: () => '/v1/responses',
    asked: ({ body }) => ({ model: body['model'], conversation: body['input'] }),
    credential: bearer,
    replaysReasoning: true,
  },
  {
    driver: 'openrouter',
    protocol: 'chat-completions',
    model: 'fake/model',
    path: () => '/v1/chat/completions',
    asked: askedInBody,
    credential: bearer,
    replaysReasoning: true,
  },
  {
    driver: 'openai_compatible',
    protocol: 'chat-completions',
    model: 'fake-1',
    path: () => '/v1/chat/completions',
    asked: askedInBody,
    credential: bearer,
    replaysReasoning: false,
  },
];

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
