/* Organizations: the customers of a tenant, who bring their own members. Records as Auth0's
 * Management API shows them, and the rules of who may log in to which. */
#ifndef DW_OAUTH_ORGANIZATION_H
#define DW_OAUTH_ORGANIZATION_H

#include "base/error.h"
#include "oauth/connection.h"
#include "oauth/records.h"

#define DW_ORGANIZATION_NAME_MAX 50
#define DW_INVITATION_LIFETIME_S (7 * 86400)      /* Auth0's standard */
#define DW_INVITATION_MAX_LIFETIME_S (30 * 86400) /* and the most it takes */

/* The slices live in the arena of whoever filled the record. */
struct dw_organization {
    struct dw_slice id;   /* org_ + 16 */
    struct dw_slice name; /* unique, lower case */
    struct dw_slice display_name;
    struct dw_slice branding_json; /* {"logo_url","colors":{"primary","page_background"}} */
    struct dw_slice metadata_json;
    bool allows_third_party; /* Auth0 third_party_client_access: allow */
    int64_t created_at_s;
};

/* A connection whose accounts may log in to the organization. */
struct dw_organization_connection {
    struct dw_slice organization_id, connection_id;
    bool assigns_membership; /* whoever logs in becomes a member */
    bool shows_as_button;
    bool is_signup_enabled; /* needs assigns_membership */
    struct dw_slice name;   /* of the connection: read only */
    enum dw_strategy strategy;
};

struct dw_invitation {
    struct dw_slice id; /* uinv_ + 16 */
    struct dw_slice organization_id;
    struct dw_slice client_id;
    struct dw_slice connection_id; /* empty: any of the organization */
    struct dw_slice inviter_name;
    struct dw_slice invitee_email; /* lower case */
    struct dw_slice ticket_digest; /* of what the link carries */
    struct dw_slices role_ids;
    struct dw_slice app_metadata_json, user_metadata_json; /* merged into the user's */
    int64_t created_at_s;
    int64_t expires_at_s;
    int64_t used_at_s; /* 0: waits */
};

/* 1 to 50 lower-case letters, digits, "_" and "-", a letter or digit first, and not like an id.
 * Fails with DW_INVALID_REQUEST. */
bool dw_must_check dw_organization_name_check(struct dw_slice name, struct dw_error *reterr);
/* Whether a text is meant as an id: "org_...". */
bool dw_organization_is_id(struct dw_slice text);

/* Judges what /authorize was asked for, before anybody has logged in. asked: id or name; empty:
 * none. Fails with DW_INVALID_REQUEST in Auth0's words, for the client. */
bool dw_must_check dw_organization_check_request(const struct dw_oauth_client *client,
                                                 struct dw_slice asked, bool has_invitation,
                                                 bool takes_names, struct dw_error *reterr);
/* Judges the organization that was found (NULL: none). Fails with DW_INVALID_REQUEST. */
bool dw_must_check dw_organization_check_client(const struct dw_oauth_client *client,
                                                const struct dw_organization *organization,
                                                struct dw_slice asked, struct dw_error *reterr);
/* Fails with DW_ACCESS_DENIED, for whoever is no member. */
bool dw_organization_fail_member(struct dw_slice user_id, struct dw_slice organization_id,
                                 struct dw_error *reterr);
/* Whether this invitation may be taken for this client and organization now. Fails with
 * DW_INVALID_REQUEST in Auth0's words; NULL fails too. */
bool dw_must_check dw_invitation_check(const struct dw_invitation *invitation,
                                       struct dw_slice organization_id, struct dw_slice client_id,
                                       int64_t now_s, struct dw_error *reterr);

/* client_credentials. A client may name an organization only where its grant says so and the
 * organization has that grant. Fails with DW_INVALID_REQUEST or DW_ACCESS_DENIED. */
bool dw_must_check dw_organization_check_grant(const struct dw_client_grant *grant,
                                               struct dw_slice organization_id,
                                               bool has_organization_grant,
                                               struct dw_error *reterr);

#endif
