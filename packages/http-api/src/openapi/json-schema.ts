import * as core from '@kheish/core-model';
import {
  type ConversionConfig,
  type JsonSchema,
  toJsonSchema,
  toJsonSchemaDefs,
} from '@valibot/to-json-schema';
import * as v from 'valibot';

/** The schemas that have a name of their own in the document. */
const definitions: Record<string, v.GenericSchema> = {
  ApiTokenView: core.ApiTokenView,
  AuditCheckpoint: core.AuditCheckpoint,
  AuditInclusionProof: core.AuditInclusionProof,
  AuditStatusView: core.AuditStatusView,
  AuthFailure: core.AuthFailure,
  AuthSlotRecord: core.AuthSlotRecord,
  AuthSlotStatus: core.AuthSlotStatus,
  AuthSubjectStatus: core.AuthSubjectStatus,
  CapabilityMatrix: core.CapabilityMatrix,
  CreateTokenRequest: core.CreateTokenRequest,
  CreatedToken: core.CreatedToken,
  CreateSessionRequest: core.CreateSessionRequest,
  CredentialAudience: core.CredentialAudience,
  CredentialLease: core.CredentialLease,
  CredentialLeaseStatus: core.CredentialLeaseStatus,
  CredentialScope: core.CredentialScope,
  DaemonCapabilities: core.DaemonCapabilities,
  DaemonStatusView: core.DaemonStatusView,
  DeleteResult: core.DeleteResult,
  EndSessionRequest: core.EndSessionRequest,
  Generation: core.Generation,
  InterruptResult: core.InterruptResult,
  MessageView: core.MessageView,
  ModelDelta: core.ModelDelta,
  Pagination: core.Pagination,
  ProblemDetails: core.ProblemDetails,
  RecordedEvent: core.RecordedEvent,
  RouteReadiness: core.RouteReadiness,
  RoutePolicy: core.RoutePolicy,
  RouteView: core.RouteView,
  RunError: core.RunError,
  RunView: core.RunView,
  RuntimeSettingsView: core.RuntimeSettingsView,
  SessionView: core.SessionView,
  SetRoutePolicyRequest: core.SetRoutePolicyRequest,
  StoreVerification: core.StoreVerification,
  StreamGap: core.StreamGap,
  SubmitInputRequest: core.SubmitInputRequest,
  Usage: core.Usage,
};

const config: Omit<ConversionConfig, 'definitions'> = {
  target: 'draft-2020-12',
  // A request is described as it is sent; there are no transformations in between.
  typeMode: 'input',
  // Rules that JSON Schema has no word for; the server still checks them.
  ignoreActions: ['check'],
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  overrideSchema: ({ valibotSchema }) =>
    valibotSchema.type === 'custom' ? customSchema(valibotSchema) : undefined,
};

export function namedSchemas(): Record<string, JsonSchema> {
  const schemas = toJsonSchemaDefs(definitions, config);
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, bare(schema)]));
}

export function schemaOf(schema: v.GenericSchema): JsonSchema {
  const name = Object.keys(definitions).find((key) => definitions[key] === schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  return bare(toJsonSchema(schema, { ...config, definitions }));
}

function bare(schema: JsonSchema): JsonSchema {
  const { $schema: _dialect, $defs: _definitions, ...rest } = schema;
  return rest;
}

const sampleDigest = `sha256:${'0'.repeat(64)}`;

/** A custom schema is a function; what it accepts tells which of ours it is. */
function customSchema(schema: v.GenericSchema): JsonSchema {
  if (v.is(schema, sampleDigest) && !v.is(schema, '')) {
    return { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
  }
  return v.is(schema, {}) && !v.is(schema, []) ? { type: 'object' } : {};
}
