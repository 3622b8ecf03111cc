import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { RawAnswer } from '../raw-http.ts';

/** As much of JSON Schema as the document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface DescribedOperation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: { readonly 'application/json': { readonly schema: Schema } };
  };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface DocumentText {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** One operation, as a stranger who has only the document knows it. */
export interface ApiOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly bodyRequired: boolean;
  readonly isStream: boolean;
}

const pointer = (...steps: readonly string[]) =>
  `#/${steps.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

/** The API as its own document describes it, and what the document says about an answer. */
export class ApiDocument {
  readonly operations: readonly ApiOperation[];
  readonly #text: DocumentText;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(text: DocumentText) {
    this.#text = text;
    this.#ajv.addSchema(text, 'api');
    this.operations = Object.entries(text.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => ({
        id: described.operationId,
        method: method.toUpperCase(),
        path,
        parameters: described.parameters,
        body: described.requestBody?.content['application/json'].schema,
        bodyRequired: described.requestBody?.required ?? false,
        isStream: 'text/event-stream' in (described.responses['200']?.content ?? {}),
      })),
    );
  }

  resolved(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1);
    if (name === undefined) return schema;
    const found = this.#text.components.schemas[name];
    if (found === undefined) throw new Error(`the document has no schema ${name}`);
    return this.resolved(found);
  }

  /** What is wrong with an answer, by the document; undefined where nothing is. */
  objection(operation: ApiOperation, answer: RawAnswer): string | undefined {
    const { path, method } = operation;
    const responses = this.#text.paths[path]?.[method.toLowerCase()]?.responses ?? {};
    const status = String(answer.status) in responses ? String(answer.status) : 'default';
    if (status === 'default' && answer.status < 400)
      return `the status ${answer.status} is unlisted`;
    const problem = responses[status]?.$ref !== undefined;
    const at = problem
      ? ['components', 'responses', 'Problem', 'content']
      : ['paths', path, method.toLowerCase(), 'responses', status, 'content'];
    const listed = problem
      ? ['application/problem+json']
      : Object.keys(responses[status]?.content ?? {});
    const [type = ''] = answer.type.split(';');
    if (!listed.includes(type)) return `the type ${type} is not one of ${listed.join(', ')}`;
    if (type.startsWith('text/') || type === 'application/jsonl') return undefined;
    return this.#mismatch(pointer(...at, type, 'schema'), answer.text);
  }

  /** What is wrong with the data of a frame of a stream. */
  objectionToFrame(operation: ApiOperation, data: string): string | undefined {
    const { path, method } = operation;
    const at = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      '200',
      'content',
      'text/event-stream',
    ];
    return this.#mismatch(pointer(...at, 'x-event-data'), data);
  }

  #mismatch(schemaAt: string, text: string): string | undefined {
    let validate = this.#validators.get(schemaAt);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `api${schemaAt}` });
      this.#validators.set(schemaAt, validate);
    }
    if (validate(JSON.parse(text))) return undefined;
    return `${schemaAt}: ${this.#ajv.errorsText(validate.errors)}`;
  }
}
