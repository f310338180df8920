/* Every endpoint of the tenant, one file each; the table of them is in routes.c. */
#ifndef DW_TENANT_ENDPOINTS_INTERNAL_H
#define DW_TENANT_ENDPOINTS_INTERNAL_H

#include "tenant/tenant_internal.h"

dw_tenant_endpoint dw_endpoint_authorize;  /* authorize_endpoint.c */
dw_tenant_endpoint dw_endpoint_login_page; /* login_page.c */
dw_tenant_endpoint dw_endpoint_login;      /* login_page.c */
dw_tenant_endpoint dw_endpoint_login_identifier_page, dw_endpoint_login_identifier,
    dw_endpoint_login_password_page, dw_endpoint_login_password; /* login_page.c */
dw_tenant_endpoint dw_endpoint_consent_page;                     /* consent_page.c */
dw_tenant_endpoint dw_endpoint_consent;                          /* consent_page.c */
dw_tenant_endpoint dw_endpoint_token;                            /* token_endpoint.c */
dw_tenant_endpoint dw_endpoint_mfa_page, dw_endpoint_mfa;        /* mfa_pages.c */
dw_tenant_endpoint dw_endpoint_organization_page, dw_endpoint_organization,
    dw_endpoint_organization_picker_page,
    dw_endpoint_organization_picker;               /* organization_pages.c */
dw_tenant_endpoint dw_endpoint_passwordless_start; /* passwordless_endpoint.c */
dw_tenant_endpoint dw_endpoint_passwordless_page, dw_endpoint_passwordless,
    dw_endpoint_passwordless_code_page, dw_endpoint_passwordless_code; /* passwordless_pages.c */
dw_tenant_endpoint dw_endpoint_passwordless_link_page,
    dw_endpoint_passwordless_link;                        /* passwordless_link.c */
dw_tenant_endpoint dw_endpoint_mfa_page, dw_endpoint_mfa; /* mfa_pages.c */
dw_tenant_endpoint dw_endpoint_mfa_challenge, dw_endpoint_mfa_associate,
    dw_endpoint_mfa_authenticators, dw_endpoint_mfa_authenticator_delete; /* mfa_endpoint.c */
dw_tenant_endpoint dw_endpoint_userinfo;                                  /* userinfo_endpoint.c */
dw_tenant_endpoint dw_endpoint_revoke;                                    /* revoke_endpoint.c */
dw_tenant_endpoint dw_endpoint_logout;                                    /* logout_endpoint.c */
dw_tenant_endpoint dw_endpoint_oidc_logout,
    dw_endpoint_logout_decision;            /* oidc_logout_endpoint.c */
dw_tenant_endpoint dw_endpoint_register;    /* register_endpoint.c */
dw_tenant_endpoint dw_endpoint_discovery;   /* wellknown.c */
dw_tenant_endpoint dw_endpoint_jwks;        /* wellknown.c */
dw_tenant_endpoint dw_endpoint_health;      /* wellknown.c */
dw_tenant_endpoint dw_endpoint_favicon;     /* wellknown.c */
dw_tenant_endpoint dw_endpoint_home;        /* wellknown.c */
dw_tenant_endpoint dw_endpoint_outbox;      /* outbox_page.c */
dw_tenant_endpoint dw_endpoint_par;         /* par_endpoint.c */
dw_tenant_endpoint dw_endpoint_device_code; /* device_code_endpoint.c */

dw_tenant_endpoint dw_endpoint_signup, dw_endpoint_change_password;  /* dbconnections_endpoint.c */
dw_tenant_endpoint dw_endpoint_signup_page, dw_endpoint_signup_form; /* signup_page.c */
dw_tenant_endpoint dw_endpoint_reset_request_page, dw_endpoint_reset_request,
    dw_endpoint_reset_page, dw_endpoint_reset; /* reset_pages.c */
dw_tenant_endpoint dw_endpoint_verify_page, dw_endpoint_verify, dw_endpoint_unblock_page,
    dw_endpoint_unblock;                     /* ticket_pages.c */
dw_tenant_endpoint dw_endpoint_certificate;  /* certificate_endpoint.c */
dw_tenant_endpoint dw_endpoint_introspect;   /* introspect_endpoint.c */
dw_tenant_endpoint dw_endpoint_bc_authorize; /* bc_authorize_endpoint.c */
dw_tenant_endpoint dw_endpoint_activate_page, dw_endpoint_activate, dw_endpoint_device_page,
    dw_endpoint_device; /* activate_page.c */
dw_tenant_endpoint dw_endpoint_ciba_link, dw_endpoint_ciba_page, dw_endpoint_ciba; /* ciba_page.c */

#endif
