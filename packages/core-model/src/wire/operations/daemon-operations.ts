import {
  DaemonCapabilities,
  DaemonStatusView,
  RuntimeSettingsView,
  StoreVerification,
} from '../runtime-view.ts';
import type { Operation } from './operation.ts';

/** The daemon itself. */
export const daemonOperations = {
  healthz: {
    method: 'GET',
    path: '/healthz',
    access: 'open',
    summary: 'The process answers.',
    status: 200,
    response: 'text',
  },
  readyz: {
    method: 'GET',
    path: '/readyz',
    access: 'open',
    summary: 'The daemon takes work; 503 while it drains.',
    status: 200,
    response: 'text',
  },
  getStatus: {
    method: 'GET',
    path: '/v1/status',
    access: 'read',
    summary: 'Which daemon this is and how it does.',
    status: 200,
    response: DaemonStatusView,
  },
  getCapabilities: {
    method: 'GET',
    path: '/v1/capabilities',
    access: 'read',
    summary: 'What this daemon can do.',
    status: 200,
    response: DaemonCapabilities,
  },
  getOpenApi: {
    method: 'GET',
    path: '/v1/openapi.json',
    access: 'read',
    summary: 'This API as OpenAPI 3.1.',
    status: 200,
    response: 'openapi',
  },
  getRuntime: {
    method: 'GET',
    path: '/v1/runtime',
    access: 'read',
    summary: 'Routes, default model and limits in force.',
    status: 200,
    response: RuntimeSettingsView,
  },
  verifyStore: {
    method: 'POST',
    path: '/v1/store/verify',
    access: 'admin',
    summary: 'Replay the journal and compare it with the tables.',
    status: 200,
    response: StoreVerification,
  },
} as const satisfies Record<string, Operation>;
