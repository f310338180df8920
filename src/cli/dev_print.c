/* What `doorward dev` prints. */
#include "cli/dev_print.h"

#include "cli/development_tls.h"

/* What a role of the seed's chapter may do (tenant's dw_tenant_seed_dev makes them so). */
static const char *may_do(struct dw_slice role)
{
    return dw_slice_eq(role, DW_LIT(DW_TENANT_ROLE_ADMIN))
               ? "read:tools execute:tools read:resources write:resources admin"
               : "read:tools execute:tools read:resources";
}

/* One word for a POSIX shell. */
static void add_quoted(struct dw_buf *out, struct dw_slice text)
{
    dw_buf_add_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            dw_buf_add(out, DW_LIT("'\\''"));
        else
            dw_buf_add_byte(out, text.ptr[i]);
    }
    dw_buf_add_byte(out, '\'');
}

static void print_users(const struct dw_dev_facts *facts, struct dw_buf *out)
{
    dw_buf_add(out, DW_LIT("Users (email, password, role and what it may do)\n"));
    for (size_t i = 0; i < facts->user_count; i++) {
        const struct dw_tenant_dev_user *user = &facts->users[i];

        dw_buf_printf(out, "  %.*s  %.*s  %.*s: %s\n", DW_PRINT(user->email),
                      DW_PRINT(user->password), DW_PRINT(user->role), may_do(user->role));
    }
    dw_buf_printf(out,
                  "  The two roles are \"%s\" and \"%s\"; --user EMAIL:PASSWORD:ROLE makes "
                  "more users.\n\n",
                  DW_TENANT_ROLE_USER, DW_TENANT_ROLE_ADMIN);
}

/* A token by the password grant, and a first request with it. */
static void print_curl(const struct dw_dev_facts *facts, struct dw_buf *out)
{
    const struct dw_tenant_dev_user *user = &facts->users[0];

    dw_buf_add(out, DW_LIT("With curl\n  "));
    if (facts->ca_file.len)
        dw_buf_printf(out, "export CURL_CA_BUNDLE=%.*s\n  ", DW_PRINT(facts->ca_file));
    dw_buf_add(out, DW_LIT("TOKEN=$(curl -sS "));
    dw_buf_printf(out, "%.*soauth/token -d grant_type=password -d client_id=%s \\\n",
                  DW_PRINT(facts->issuer), DW_TENANT_DEV_CLIENT);
    dw_buf_add(out, DW_LIT("    --data-urlencode username="));
    add_quoted(out, user->email);
    dw_buf_add(out, DW_LIT(" --data-urlencode password="));
    add_quoted(out, user->password);
    dw_buf_printf(out,
                  " \\\n    --data-urlencode audience=%.*s | sed 's/.*\"access_token\": "
                  "*\"\\([^\"]*\\)\".*/\\1/')\n",
                  DW_PRINT(facts->mcp_url));
    dw_buf_printf(out,
                  "  curl -sS %.*s -H \"Authorization: Bearer $TOKEN\" \\\n"
                  "    -H 'Content-Type: application/json' -H 'Accept: application/json, "
                  "text/event-stream' \\\n"
                  "    -d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
                  "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},"
                  "\"clientInfo\":{\"name\":\"curl\",\"version\":\"1\"}}}'\n\n",
                  DW_PRINT(facts->mcp_url));
}

void dw_dev_print(const struct dw_dev_facts *facts, struct dw_buf *out)
{
    dw_buf_printf(out,
                  "Doorward guards an MCP server. Ctrl-C stops everything it started.\n\n"
                  "  MCP URL   %.*s\n  Tenant    %.*s\n  Mails     %.*sdev/outbox\n"
                  "  Upstream  %.*s\n  Log       %.*s\n\n",
                  DW_PRINT(facts->mcp_url), DW_PRINT(facts->issuer), DW_PRINT(facts->issuer),
                  DW_PRINT(facts->upstream), DW_PRINT(facts->log));
    if (facts->ca_file.len) {
        dw_development_tls_print(facts->ca_file, facts->mcp_url, out);
        dw_buf_add_byte(out, '\n');
    }
    print_users(facts, out);
    dw_buf_printf(out, "Claude Code\n  claude mcp add --transport http doorward %.*s\n\n",
                  DW_PRINT(facts->mcp_url));
    dw_buf_printf(out,
                  "Cursor (.cursor/mcp.json)\n"
                  "  {\"mcpServers\":{\"doorward\":{\"url\":\"%.*s\"}}}\n\n",
                  DW_PRINT(facts->mcp_url));
    dw_buf_printf(out,
                  "MCP Inspector\n  npx -y @modelcontextprotocol/inspector --transport http "
                  "--server-url %.*s\n\n",
                  DW_PRINT(facts->mcp_url));
    print_curl(facts, out);
    if (!facts->has_policy)
        dw_buf_add(out, DW_LIT("There are no [[policy]] rows: every user who is logged in may use "
                               "everything. doorward.toml can say more.\n\n"));
}
