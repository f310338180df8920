/* The rows of the tenant's settings. Limits follow RFC 6749 section 4.1.2 (codes), RFC 9700 section
 * 4.14 (refresh tokens), and what Auth0 takes. */
#include "tenant/tenant.h"

#define DAY 86400
#define YEAR (365 * DAY)
#define CONFIG struct dw_tenant_config

static const struct dw_field seed_rows[] = {
    DW_BOOL_ROW(
        CONFIG, seed_chapter, "enabled", false,
        "Make the API, the five permissions and the roles \"MCP User\" and \"MCP Admin\" at "
        "each start, where they are missing."),
    DW_TEXT_ROW(CONFIG, seed_audience, "audience", "https://mcp.example.com",
                "The identifier of that API: the URL of the MCP server, as in its tokens' `aud`."),
    DW_TEXT_ROW(CONFIG, seed_file, "file", "",
                "A JSON file with `apis`, `roles`, `clients` and `users` to make at each start, "
                "where they are missing. Empty: none."),
};
static const struct dw_fields seed_fields = DW_FIELDS(CONFIG, seed_rows);

static const struct dw_field tenant_rows[] = {
    DW_TEXT_ROW(CONFIG, listen, "listen", "127.0.0.1:8421", "Address and port to listen on."),
    DW_TEXT_ROW(CONFIG, issuer, "issuer", "http://127.0.0.1:8421/",
                "The public URL of the tenant, with a slash at the end: `iss` of every token. "
                "Plain http is for loopback only."),
    DW_TEXT_ROW(CONFIG, state_dir, "state_dir", ".doorward",
                "The folder of the store and the key file; made when it is missing."),
    DW_TEXT_ROW(CONFIG, default_audience, "default_audience", "",
                "The API a request is for when it names none. Empty: none."),
    DW_TEXT_ROW(CONFIG, tls_certificate, "tls_certificate", "",
                "PEM file with the certificate chain. Empty: no TLS here."),
    DW_TEXT_ROW(CONFIG, tls_key, "tls_key", "", "PEM file with its private key."),
    DW_TEXTS_ROW(CONFIG, allowed_logout_urls, "allowed_logout_urls", "",
                 "Where /v2/logout may go back to when the request names no client."),
    DW_TEXTS_ROW(CONFIG, trusted_proxies, "trusted_proxies", "",
                 "Addresses and ranges, as \"10.0.0.0/8\", whose X-Forwarded-For says who really "
                 "asks: for limits on attempts and for the log. Empty: nobody's."),
    DW_SECONDS_ROW(CONFIG, access_token_ttl_s, "access_token_ttl_s", 60, 30 * DAY, DAY,
                   "Life of an access token for an API without a lifetime of its own."),
    DW_SECONDS_ROW(CONFIG, id_token_ttl_s, "id_token_ttl_s", 60, 30 * DAY, 36000,
                   "Life of an ID token."),
    DW_SECONDS_ROW(CONFIG, authorization_code_ttl_s, "authorization_code_ttl_s", 1, 600, 60,
                   "Life of an authorization code; it works once."),
    DW_SECONDS_ROW(
        CONFIG, refresh_token_ttl_s, "refresh_token_ttl_s", 60, 10 * YEAR, 30 * DAY,
        "Life of a family of refresh tokens, from the login on; of applications made from then on. "
        "Where nothing is said those with a secret that are not third parties have tokens "
        "that do not end or rotate."),
    DW_SECONDS_ROW(CONFIG, refresh_token_idle_ttl_s, "refresh_token_idle_ttl_s", 60, 10 * YEAR,
                   15 * DAY, "A family that is not used for so long ends."),
    DW_SECONDS_ROW(CONFIG, refresh_token_leeway_s, "refresh_token_leeway_s", 0, 600, 30,
                   "For so long a refresh token that was just exchanged gives the same successor "
                   "again, for clients that lost the answer. Later it ends the family."),
    DW_SECONDS_ROW(CONFIG, session_ttl_s, "session_ttl_s", 60, YEAR, 7 * DAY,
                   "Life of a login in the browser."),
    DW_SECONDS_ROW(CONFIG, session_idle_ttl_s, "session_idle_ttl_s", 60, YEAR, 3 * DAY,
                   "A login that is not used for so long ends."),
    DW_SECONDS_ROW(CONFIG, log_retention_s, "log_retention_s", 3600, 10 * YEAR, 30 * DAY,
                   "The audit log forgets what is older."),
    DW_INT_ROW(CONFIG, log_max_mb, "log_max_mb", 1, 1024 * 1024, 256,
               "The audit log may take so many megabytes; then the oldest entries go."),
    DW_INT_ROW(CONFIG, registrations_per_hour, "registrations_per_hour", 1, 100000, 300,
               "So many clients may register themselves from one address."),
    DW_BOOL_ROW(CONFIG, allow_metadata_documents, "allow_metadata_documents", true,
                "Take clients whose client_id is the https URL of their metadata document."),
    DW_BOOL_ROW(CONFIG, allow_insecure_client_metadata, "allow_insecure_client_metadata", false,
                "Fetch such documents also from this machine, without TLS. For development only."),
    DW_BOOL_ROW(CONFIG, allow_password_grant, "allow_password_grant", false,
                "Let applications that have the password grant use it. For scripts and tests."),
    DW_TEXT_ROW(
        CONFIG, breached_passwords, "breached_passwords", "",
        "A file with the SHA-1 of passwords that were stolen elsewhere, in hex, sorted, one "
        "a line, as the Have I Been Pwned downloader writes it. Empty: none."),
    DW_SECRET_ROW(CONFIG, key_encryption_key, "key_encryption_key",
                  "64 hex digits that seal the private keys in the store. Empty: the environment "
                  "variable DOORWARD_KEY, else a file in state_dir that is made at first start."),
    DW_TABLE_ROW(0, "seed", &seed_fields, "What to make at each start, where it is missing."),
};
const struct dw_fields dw_tenant_fields = DW_FIELDS_SAID(CONFIG, tenant_rows, said);

static const char *const security_modes[] = {"strict", "permissive", NULL};

static const struct dw_field dcr_rows[] = {
    DW_BOOL_ROW(CONFIG, allow_registration, "enabled", false,
                "Let MCP clients register themselves (RFC 7591)."),
    DW_ENUM_ROW(CONFIG, client_security_mode, "security_mode", security_modes, 0,
                "What clients that register themselves or publish their metadata may do from then "
                "on: strict (no OpenID Connect, errors stay on our pages) or permissive."),
    DW_TEXTS_ROW(CONFIG, public_client_patterns, "public_client_patterns", "",
                 "Names of clients that may be public, that is without a secret: a part of the "
                 "name, or a pattern with * and ?. Empty: every client may."),
    DW_TEXTS_ROW(CONFIG, default_scopes, "default_scopes", "",
                 "The scopes of a client that asks for none."),
    DW_TEXTS_ROW(CONFIG, allowed_scopes, "allowed_scopes", "",
                 "The scopes such clients may ever have. Empty: no limit."),
};
const struct dw_fields dw_tenant_dcr_fields = DW_FIELDS_SAID(CONFIG, dcr_rows, dcr_said);

static const struct dw_field mail_rows[] = {
    DW_TEXT_ROW(
        CONFIG, mail_url, "url", "",
        "The SMTP server: smtp://mail.example.com:587 (with STARTTLS, which must work unless "
        "the server is on loopback) or smtps://mail.example.com:465. Empty: no mail is sent."),
    DW_TEXT_ROW(CONFIG, mail_user, "user", "", "The user name there. Empty: no authentication."),
    DW_SECRET_ROW(CONFIG, mail_password, "password", "The password there; better in a file."),
    DW_TEXT_ROW(CONFIG, mail_password_file, "password_file", "",
                "A file whose first line is the password."),
    DW_TEXT_ROW(CONFIG, mail_from, "from", "", "The address that mails come from."),
    DW_TEXT_ROW(CONFIG, sms_url, "sms_url", "",
                "Where text messages go: an https URL that takes a POST of "
                "{\"recipient\":\"+14155550100\",\"body\":\"123456 is your code for App.\"}. "
                "Empty: none are sent."),
    DW_SECRET_ROW(CONFIG, sms_token, "sms_token", "The bearer token it wants; may be empty."),
    DW_BOOL_ROW(CONFIG, mail_outbox, "outbox", true,
                "Without url, where the issuer is on loopback: keep mails and show them on "
                "/dev/outbox, to this machine only. false: they are lost."),
};
const struct dw_fields dw_tenant_mail_fields = DW_FIELDS(CONFIG, mail_rows);
