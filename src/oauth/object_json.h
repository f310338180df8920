/* APIs and applications as the JSON objects of Auth0's Management API, and changes to them as such
 * an object's members. Tables of rows: a member is read, shown and explained by the same one. */
#ifndef DW_OAUTH_OBJECT_JSON_H
#define DW_OAUTH_OBJECT_JSON_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"

/* With Auth0's names; without secrets. In `arena`. */
bool dw_must_check dw_api_to_json(const struct dw_api *api, struct dw_arena *arena,
                                  struct dw_slice *ret_json, struct dw_error *reterr);
bool dw_must_check dw_client_to_json(const struct dw_oauth_client *client, struct dw_arena *arena,
                                     struct dw_slice *ret_json, struct dw_error *reterr);

/* Takes the members of `patch` (a JSON object) into the record; texts live in `arena`. Fails with
 * DW_INVALID_REQUEST and a sentence that names the member: unknown, of another type, out of bounds,
 * or not to be changed. Whether redirect URIs and grant types are good ones, the caller checks.
 *
 * An API's signing_alg may be RS256, PS256 or ES256 here: HS256 comes with a secret. */
bool dw_must_check dw_api_apply_json(struct dw_api *api, struct dw_slice patch,
                                     struct dw_arena *arena, struct dw_error *reterr);
bool dw_must_check dw_client_apply_json(struct dw_oauth_client *client, struct dw_slice patch,
                                        struct dw_arena *arena, struct dw_error *reterr);

#endif
