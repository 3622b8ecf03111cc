import * as v from 'valibot';

/** How the door of the API stands. */
export const ControlPlaneView = v.strictObject({
  base_url: v.string(),
  bind_addr: v.string(),
  bind_is_loopback: v.boolean(),
  /** All addresses of the machine. */
  bind_is_unspecified: v.boolean(),
  auth_mode: v.picklist(['auto', 'none', 'bearer']),
  auth_enabled: v.boolean(),
  /** A read-only token was given, whether or not it can be read now. */
  read_only_token_enabled: v.boolean(),
  /** Somebody could come in as an admin now. */
  auth_effective_admin_token_available: v.boolean(),
  auth_effective_read_only_token_available: v.boolean(),
  auth_token_file_count: v.number(),
  auth_token_file_error_count: v.number(),
  /** Both token files have the same token: then neither counts. */
  auth_duplicate_token: v.boolean(),
  auth_token_files: v.array(
    v.strictObject({
      role: v.picklist(['admin', 'readonly']),
      path: v.string(),
      readable: v.boolean(),
      token_loaded: v.boolean(),
      error: v.optional(v.string()),
    }),
  ),
  /** Named tokens that are neither revoked nor expired. */
  named_token_count: v.number(),
  cors_policy: v.picklist(['loopback', 'exact']),
  cors_allowed_origin_count: v.number(),
  externally_exposed_without_auth: v.boolean(),
});
export type ControlPlaneView = v.InferOutput<typeof ControlPlaneView>;
