/**
 * Every problem this system can report, by its stable name `domain/code`.
 * The entry decides the HTTP status; the text of a message never does.
 */
export const problems = {
  'api/bad_request': { status: 400 },
  'api/unsupported_field': { status: 400 },
  'api/route_not_found': { status: 404 },
  'api/method_not_allowed': { status: 405 },
  'api/request_timeout': { status: 408 },
  'api/payload_too_large': { status: 413 },
  'api/unsupported_media_type': { status: 415 },
  'api/host_not_allowed': { status: 421 },
  'api/headers_too_large': { status: 431 },
  'api/internal_error': { status: 500 },

  'auth/missing_token': { status: 401 },
  'auth/malformed_token': { status: 401 },
  'auth/invalid_token': { status: 401 },
  'auth/insufficient_access': { status: 403 },
  'auth/rate_limited': { status: 429 },
  'auth/token_not_found': { status: 404 },
  'auth/invalid_expiry': { status: 400 },
  'auth/no_admin_token': { status: 409 },
  'cors/origin_not_allowed': { status: 403 },

  'pagination/invalid_limit': { status: 400 },
  'pagination/invalid_cursor': { status: 400 },
  'events/invalid_event_cursor': { status: 400 },
  'idempotency/invalid_idempotency_key': { status: 400 },
  'idempotency/idempotency_conflict': { status: 409 },

  'sessions/session_not_found': { status: 404 },
  'sessions/session_conflict': { status: 409 },
  'sessions/session_busy': { status: 409 },
  'sessions/session_ended': { status: 409 },
  'sessions/session_deleted': { status: 409 },

  'runs/run_not_found': { status: 404 },
  'runs/run_state_conflict': { status: 409 },
  'runs/queue_full': { status: 429 },
  'runs/fenced': { status: 409 },
  'runs/not_taken_over': { status: 503, retryable: true },
  'runs/recovery_exhausted': { status: 500 },
  'runs/max_steps_exceeded': { status: 500 },
  'runs/internal_error': { status: 500 },

  'approvals/approval_not_open': { status: 409 },
  'approvals/approval_expired': { status: 409 },
  'approvals/duplicate_resolution': { status: 400 },
  'approvals/invalid_updated_input': { status: 400 },

  'audit/entry_not_found': { status: 404 },
  'audit/key_conflict': { status: 409 },
  'audit/key_invalid': { status: 400 },
  'audit/key_mismatch': { status: 409 },
  'audit/key_missing': { status: 409 },
  'audit/ledger_unavailable': { status: 503, retryable: true },

  'budgets/budget_exceeded': { status: 402 },

  'questions/question_option_not_found': { status: 400 },
  'questions/question_answer_missing': { status: 400 },
  'questions/question_duplicate_answer': { status: 400 },
  'questions/question_duplicate_option': { status: 400 },
  'questions/question_declined_with_answers': { status: 400 },
  'questions/question_single_select_violation': { status: 400 },
  'questions/question_answer_empty': { status: 400 },
  'questions/question_unknown_answer': { status: 400 },
  'questions/question_state_conflict': { status: 409 },
  'questions/question_expired': { status: 409 },

  'runtime/runtime_validation_failed': { status: 400 },
  'runtime/runtime_revision_conflict': { status: 409 },
  'runtime/runtime_revision_not_found': { status: 404 },
  'runtime/runtime_rollback_unavailable': { status: 409 },
  'runtime/route_blocked_by_credential_scope': { status: 400 },

  'routes/no_routes': { status: 400 },
  'routes/unknown_route': { status: 400 },
  'routes/route_not_ready': { status: 400 },
  'routes/model_not_supported': { status: 400 },
  'routes/selector_conflict': { status: 400 },
  'routes/invalid_routes_file': { status: 400 },

  'secrets/secret_not_found': { status: 404 },
  'secrets/invalid_secret': { status: 400 },
  'secrets/secret_exists': { status: 409 },
  'secrets/secret_in_use': { status: 409 },
  'secrets/same_master_key': { status: 409 },
  'secrets/master_key_missing': { status: 503 },
  'secrets/master_key_invalid': { status: 400 },
  'secrets/master_key_mismatch': { status: 503 },
  'secrets/secret_corrupt': { status: 500 },

  'credentials/subject_not_found': { status: 404 },
  'credentials/lease_not_found': { status: 404 },
  'credentials/subject_revoked': { status: 403 },
  'credentials/slot_revoked': { status: 403 },
  'credentials/lease_revoked': { status: 403 },
  'credentials/lease_expired': { status: 409, retryable: true },

  'models/authentication_failed': { status: 502 },
  'models/quota_exhausted': { status: 502 },
  'models/rate_limited': { status: 502, retryable: true },
  'models/overloaded': { status: 502, retryable: true },
  'models/unavailable': { status: 502, retryable: true },
  'models/timeout': { status: 504, retryable: true },
  'models/stream_cut': { status: 502, retryable: true },
  'models/malformed_response': { status: 502, retryable: true },
  'models/invalid_request': { status: 502 },
  'models/context_exceeded': { status: 502 },
  'models/refused': { status: 502 },
  'models/output_truncated': { status: 502 },

  'tasks/task_not_found': { status: 404 },
  'tasks/task_state_conflict': { status: 409 },
  'tasks/invalid_dependency': { status: 400 },
  'tasks/too_many_tasks': { status: 429 },

  'tools/unknown_tool': { status: 400 },
  'tools/invalid_input': { status: 400 },
  'tools/redacted_input': { status: 400 },
  'tools/not_found': { status: 404 },
  'tools/path_not_allowed': { status: 403 },
  'tools/unreadable': { status: 400 },
  'tools/unwritable': { status: 400 },
  'tools/file_changed': { status: 409 },
  'tools/failed': { status: 500 },
  'tools/approval_changed': { status: 409 },
  'tools/denied': { status: 403 },
  'tools/death_unproven': { status: 500 },

  'processes/not_started': { status: 503 },
  'processes/hidden_exposed': { status: 409 },

  'egress/destination_refused': { status: 403 },
  'egress/invalid_url': { status: 400 },
  'egress/connect_failed': { status: 502, retryable: true },
  'egress/connection_lost': { status: 502, retryable: true },
  'egress/timeout': { status: 504, retryable: true },
  'egress/too_many_redirects': { status: 502 },
  'egress/response_too_large': { status: 502 },

  'storage/storage_unavailable': { status: 503, retryable: true },
  'storage/root_locked': { status: 409 },
  'storage/root_unusable': { status: 400 },
  'storage/root_newer': { status: 409 },
  'storage/corrupt': { status: 503 },

  'backups/not_configured': { status: 409 },
  'backups/backup_not_found': { status: 404 },
  'backups/backup_running': { status: 409 },
  'backups/backup_failed': { status: 503, retryable: true },
  'backups/backup_invalid': { status: 409 },

  'readiness/daemon_starting': { status: 503, retryable: true },
  'readiness/daemon_draining': { status: 503, retryable: true },
  'config/invalid_configuration': { status: 400 },
} as const satisfies Record<string, { status: number; retryable?: true }>;

/** `domain/code`, for example `sessions/session_not_found`. */
export type ProblemCode = keyof typeof problems;

export function isProblemCode(name: string): name is ProblemCode {
  return Object.hasOwn(problems, name);
}
