/* The rows of [gateway]. */
#include "gateway/gateway.h"

#define TYPE struct dw_gateway_config

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};

static const struct dw_field rows[] = {
    DW_TEXT_ROW(TYPE, listen, "listen", "127.0.0.1:8420",
                "Where to listen: address:port, or unix:/path."),
    DW_TEXT_ROW(TYPE, public_url, "public_url", "",
                "The URL clients connect to, with the path of the MCP endpoint, byte for byte: it "
                "is the resource of RFC 9728 and the standard audience of tokens. Needed unless "
                "listen is loopback; then it is http://127.0.0.1:PORT/mcp."),
    DW_TEXT_ROW(TYPE, upstream, "upstream", "",
                "The MCP server behind the gateway: http://host:port/path, https://..., or "
                "unix:/path[:/http/path]. Either this or command."),
    DW_TEXTS_ROW(TYPE, command, "command", NULL,
                 "The stdio MCP server behind the gateway: the program and its arguments. No shell "
                 "runs it."),
    DW_PAIRS_ROW(TYPE, environment, "environment",
                 "Variables for command, besides PATH, HOME, LANG, TZ and TMPDIR."),
    DW_TEXT_ROW(TYPE, directory, "directory", "", "The folder command runs in; empty: this one."),
    DW_TEXTS_ROW(TYPE, identity_headers, "identity_headers",
                 "x-doorward-sub x-doorward-client-id x-doorward-scope x-doorward-issuer",
                 "What an HTTP upstream is told about the caller: names among x-doorward-sub, "
                 "-client-id, -scope, -email, -org, -issuer, or \"x-name=claim\" for any claim of "
                 "the token. Copies a client sends are removed, in any spelling. Bytes that are "
                 "not printable ASCII, and %, come percent-encoded."),
    DW_TEXTS_ROW(TYPE, trusted_proxies, "trusted_proxies", NULL,
                 "Addresses and ranges (10.0.0.0/8) whose X-Forwarded-For is believed."),
    DW_TEXTS_ROW(TYPE, allowed_origins, "allowed_origins", NULL,
                 "Web origins whose pages may connect, besides the public URL's own and, on "
                 "loopback, loopback ones. \"*\" allows any."),
    DW_TEXTS_ROW(
        TYPE, allowed_hosts, "allowed_hosts", NULL,
        "Names that may stand in Host, besides the public URL's and, on loopback, loopback "
        "ones. With a port, it must be that port. \"*\" allows any."),
    DW_INT_ROW(TYPE, max_body_bytes, "max_body_bytes", 1024, 64 * 1024 * 1024, 4 * 1024 * 1024,
               "The largest request body."),
    DW_SECONDS_ROW(TYPE, session_idle_s, "session_idle_s", 10, 7 * 86400, 1800,
                   "How long an MCP session of a client up to 2025-11-25 may be idle."),
    DW_INT_ROW(TYPE, max_sessions, "max_sessions", 1, 1000000, 1000,
               "How many such sessions may be open; one principal may have a tenth of them, but at "
               "least 16. With command, each is a process."),
    DW_SECONDS_ROW(TYPE, upstream_timeout_s, "upstream_timeout_s", 1, 86400, 300,
                   "How long the MCP server may take to begin an answer."),
    DW_TEXT_ROW(TYPE, admin_listen, "admin_listen", "",
                "Where to serve /metrics and /healthz for operators; empty: nowhere."),
    DW_TEXT_ROW(TYPE, tls_certificate, "tls_certificate", "",
                "The certificate chain, a PEM file; read again at SIGHUP."),
    DW_TEXT_ROW(TYPE, tls_key, "tls_key", "", "The certificate's private key, a PEM file."),
    DW_TEXT_ROW(TYPE, log, "log", "", "The file the log goes to; empty: standard error."),
    DW_ENUM_ROW(TYPE, log_level, "log_level", log_levels, DW_LOG_INFO,
                "What is logged: this level and above."),
};

const struct dw_fields dw_gateway_fields = DW_FIELDS(TYPE, rows);
