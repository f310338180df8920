/* Connections in the store, and the audit log. */
#include "store/connections.h"
#include "store/fixture.h"
#include "store/logs.h"

static struct fixture fixture;
static struct dw_error error;

static int start(void **state)
{
    (void)state;
    fixture_start(&fixture);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static struct dw_connection_record make(const char *id, const char *name)
{
    return (struct dw_connection_record){
        .id = S(id),
        .name = S(name),
        .options_json = S("{\"a\":1}"),
        .is_active = true,
        .created_at_s = NOW_S,
    };
}

static void add_client(const char *id, bool is_first_party)
{
    struct dw_oauth_client client = fixture_client(id);

    client.is_first_party = is_first_party;
    assert_done(dw_store_add_client(fixture.store, &client, &error), error);
}

static size_t serving(const char *client_id, bool is_first_party)
{
    struct dw_connection_record *connections = NULL;
    size_t count = 0;

    assert_done(dw_store_connections_of_client(fixture.store, S(client_id), is_first_party,
                                               fixture.arena, &connections, &count, &error),
                error);
    return count;
}

static void the_first_connection_is_made_once_and_serves_all_own_clients(void **state)
{
    struct dw_connection_record first = make("con_1", "DB"), second = make("con_2", "DB");
    struct dw_connection_record *read = NULL;

    (void)state;
    add_client("before", true);
    assert_done(dw_store_add_first_connection(fixture.store, &first, &error), error);
    assert_done(dw_store_add_first_connection(fixture.store, &second, &error), error);
    add_client("after", true);
    add_client("stranger", false);
    assert_done(dw_store_connection_by_name(fixture.store, S("DB"), fixture.arena, &read, &error),
                error);
    assert_slice(read->id, "con_1");
    assert_slice(read->options_json, "{\"a\":1}");
    assert_int_equal(read->enabled_clients.count, 2);
    assert_int_equal(serving("before", true), 1);
    assert_int_equal(serving("after", true), 1);
    assert_int_equal(serving("stranger", false), 0);
    read->is_domain_connection = true;
    assert_done(dw_store_put_connection(fixture.store, read, &error), error);
    assert_int_equal(serving("stranger", false), 1);
    read->is_active = false;
    assert_done(dw_store_put_connection(fixture.store, read, &error), error);
    assert_int_equal(serving("stranger", false), 0);
    assert_int_equal(serving("after", true), 0);
}

static void a_name_belongs_to_one_connection(void **state)
{
    struct dw_connection_record one = make("con_1", "DB"), other = make("con_2", "DB");

    (void)state;
    assert_done(dw_store_put_connection(fixture.store, &one, &error), error);
    assert_fails(dw_store_put_connection(fixture.store, &other, &error), error, DW_CONFLICT);
}

static void enabling_needs_both_to_exist_and_deleting_takes_the_accounts(void **state)
{
    struct dw_connection_record one = make("con_1", "Username-Password-Authentication");
    struct dw_user user = fixture_user("auth0|1", "ada@example.com"), *read = NULL;

    (void)state;
    assert_done(dw_store_put_connection(fixture.store, &one, &error), error);
    assert_done(dw_store_add_user(fixture.store, &user, &error), error);
    assert_fails(dw_store_enable_connection(fixture.store, S("con_1"), S("none"), true, &error),
                 error, DW_NOT_FOUND);
    add_client("app", false);
    assert_fails(dw_store_enable_connection(fixture.store, S("none"), S("app"), true, &error),
                 error, DW_NOT_FOUND);
    assert_done(dw_store_enable_connection(fixture.store, S("con_1"), S("app"), true, &error),
                error);
    assert_done(dw_store_enable_connection(fixture.store, S("con_1"), S("app"), true, &error),
                error);
    assert_int_equal(serving("app", true), 1);
    assert_done(dw_store_enable_connection(fixture.store, S("con_1"), S("app"), false, &error),
                error);
    assert_int_equal(serving("app", true), 0);
    assert_done(dw_store_delete_connection(fixture.store, S("con_1"), &error), error);
    assert_fails(dw_store_delete_connection(fixture.store, S("con_1"), &error), error,
                 DW_NOT_FOUND);
    assert_done(dw_store_user(fixture.store, S("auth0|1"), fixture.arena, &read, &error), error);
    assert_null(read);
}

static void names_follow_auth0s_rule(void **state)
{
    static const char *const good[] = {"a", "Username-Password-Authentication", "x9", "0"};
    static const char *const bad[] = {"", "-a", "a-", "a b", "a_b", "a.b", "\xc3\xa9", "a\n"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_done(dw_connection_name_check(S(good[i]), &error), error);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(dw_connection_name_check(S(bad[i]), &error), error, DW_INVALID_REQUEST);
}

/* --- the log ---------------------------------------------------------------------------------- */

static void add_entries(int64_t from_ms, size_t count, const char *type)
{
    struct dw_log_entry entries[100] = {0};

    for (size_t i = 0; i < count; i++)
        entries[i] = (struct dw_log_entry){
            .at_ms = from_ms + (int64_t)i,
            .type = S(type),
            .user_id = i % 2 ? S("auth0|odd") : S("auth0|even"),
            .details_json = S("{\"x\":1}"),
        };
    assert_done(dw_store_add_log_entries(fixture.store, entries, count, &error), error);
}

static size_t find(struct dw_log_query query)
{
    struct dw_log_entry *entries = NULL;
    size_t count = 0;

    assert_done(
        dw_store_log_entries(fixture.store, &query, fixture.arena, &entries, &count, &error),
        error);
    for (size_t i = 1; i < count; i++)
        assert_true(query.is_newest_first ? entries[i].sequence < entries[i - 1].sequence
                                          : entries[i].sequence > entries[i - 1].sequence);
    return count;
}

static void entries_are_found_by_type_user_time_and_sequence(void **state)
{
    struct dw_slice types[] = {S("fp"), S("s")};

    (void)state;
    add_entries(1000, 10, "s");
    add_entries(2000, 5, "fp");
    assert_int_equal(find((struct dw_log_query){0}), 15);
    assert_int_equal(find((struct dw_log_query){.is_newest_first = true, .take = 4}), 4);
    assert_int_equal(find((struct dw_log_query){.types = {types, 1}}), 5);
    assert_int_equal(find((struct dw_log_query){.types = {types, 2}}), 15);
    assert_int_equal(find((struct dw_log_query){.user = S("auth0|odd")}), 7);
    assert_int_equal(find((struct dw_log_query){.user = S("' OR 1=1 --")}), 0);
    assert_int_equal(find((struct dw_log_query){.since_ms = 1005}), 10);
    assert_int_equal(find((struct dw_log_query){.after_sequence = 14}), 1);
    assert_int_equal(find((struct dw_log_query){.before_sequence = 3}), 2);
}

static void old_entries_go_and_so_do_the_oldest_when_there_are_too_many_bytes(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 60; i++)
        add_entries(1000 * i, 100, "s");
    assert_done(dw_store_purge_log(fixture.store, 30000, INT64_MAX, &error), error);
    assert_int_equal(find((struct dw_log_query){.before_sequence = 3001}), 0);
    assert_int_equal(find((struct dw_log_query){.before_sequence = 3002}), 1);
    /* 3,000 of some 216 bytes: two rounds of 2,000 bring them under. */
    assert_done(dw_store_purge_log(fixture.store, 0, 300000, &error), error);
    assert_int_equal(find((struct dw_log_query){.before_sequence = 5001}), 0);
    assert_int_equal(find((struct dw_log_query){.after_sequence = 5900}), 100);
    assert_done(dw_store_purge_log(fixture.store, 0, 0, &error), error);
    assert_int_equal(find((struct dw_log_query){0}), 0);
    add_entries(1, 1, "s");
    assert_int_equal(find((struct dw_log_query){.after_sequence = 6000}), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_first_connection_is_made_once_and_serves_all_own_clients),
        CASE(a_name_belongs_to_one_connection),
        CASE(enabling_needs_both_to_exist_and_deleting_takes_the_accounts),
        CASE(names_follow_auth0s_rule),
        CASE(entries_are_found_by_type_user_time_and_sequence),
        CASE(old_entries_go_and_so_do_the_oldest_when_there_are_too_many_bytes),
    };

    return cmocka_run_group_tests_name("store/connections", tests, NULL, NULL);
}
