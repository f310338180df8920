/* Accounts of a tenant that keeps its mails: sign-up, links in mails, logins with a password. For
 * test_sign_up.c and test_account_links.c. */
#ifndef DW_TEST_TENANT_ACCOUNT_FIXTURE_H
#define DW_TEST_TENANT_ACCOUNT_FIXTURE_H

#include "fixture.h"

#include "crypto/password.h"
#include "store/connections.h"
#include "tenant/account/account_internal.h"
#include "tenant/account/mail_sender_internal.h"

#define CONNECTION "Username-Password-Authentication"

static inline int start(void **state)
{
    int status = world_start(state);

    world.tenant->config.mail_outbox = true;
    return status;
}

static inline void set_options(const char *options)
{
    struct dw_connection_record *connection = NULL;
    struct dw_error error = {0};

    assert_done(dw_store_connection_by_name(world.tenant->store, S(CONNECTION), world.arena,
                                            &connection, &error),
                error);
    assert_non_null(connection);
    connection->options_json = S(options);
    assert_done(dw_store_put_connection(world.tenant->store, connection, &error), error);
}

/* As Auth0's connections are by themselves: who signs up has an account and is logged in. */
#define CONFIRMS_NOTHING "{}"

static inline struct dw_tenant_call *post_json(const char *path, const char *body)
{
    struct browser nobody = {0};

    return ask(&nobody, DW_HTTP_POST, path, "application/json", body);
}

#define SIGNUP(members)                                                                            \
    post_json("/dbconnections/signup",                                                             \
              "{\"client_id\":\"doorward-dev\",\"connection\":\"" CONNECTION "\"," members "}")
#define CHANGE(members)                                                                            \
    post_json("/dbconnections/change_password",                                                    \
              "{\"client_id\":\"doorward-dev\",\"connection\":\"" CONNECTION "\"," members "}")

static inline size_t mail_count(void)
{
    struct dw_mail_record *records;
    struct dw_error error = {0};
    size_t count;

    assert_done(dw_store_mails(world.tenant->store, DW_MAIL_OUTBOX, (struct dw_page){0},
                               world.arena, &records, &count, NULL, &error),
                error);
    return count;
}

static inline struct dw_mail_parts newest_mail(const char *template)
{
    struct dw_mail_record *records;
    struct dw_mail_parts parts;
    struct dw_error error = {0};
    size_t count;

    assert_done(dw_store_mails(world.tenant->store, DW_MAIL_OUTBOX, (struct dw_page){0},
                               world.arena, &records, &count, NULL, &error),
                error);
    assert_true(count > 0);
    assert_slice(records[0].template_name, template);
    assert_done(dw_mail_unseal(world.tenant, &records[0], world.arena, &parts, &error), error);
    return parts;
}

/* The path and query of our own URL in a mail. */
static inline const char *link_in(const char *template, const char *path)
{
    struct dw_slice text = newest_mail(template).text;
    char *found = strstr(text_of(text), path);

    assert_non_null(found);
    found[strcspn(found, "\n")] = '\0';
    return found;
}

static inline const char *ticket_in(const char *link)
{
    return strchr(link, '=') + 1;
}

static inline struct dw_tenant_call *choose(struct browser *browser, const char *ticket,
                                            const char *password)
{
    return post(browser, "/u/reset-password",
                text_of(dw_arena_printf(world.arena, "ticket=%s&password=%s", ticket, password)));
}

static inline struct dw_tenant_call *password_grant(const char *username, const char *password)
{
    struct browser nobody = {0};

    return post(&nobody, "/oauth/token",
                text_of(dw_arena_printf(world.arena,
                                        "grant_type=password&client_id=doorward-dev&username=%s"
                                        "&password=%s&audience=" AUDIENCE,
                                        username, password)));
}

static inline const char *visit(struct browser *browser)
{
    return state_of(get(browser, AUTHORIZE));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, world_stop)

#endif
