/* cli/dev_users.h and cli/dev_print.h: who may log in, and lines that can be pasted. */
#include "test.h"

#include "cli/dev_print.h"
#include "cli/dev_users.h"

static struct dw_arena *arena;
static struct dw_error error;

static int set_up(void **state)
{
    (void)state;
    arena = dw_arena_new(65536);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static void users_have_an_email_a_password_and_a_role(void **state)
{
    const struct dw_slice written[] = {
        DW_LIT("a@b"),           DW_LIT("a@b:pass word"), DW_LIT("a@b:p:q:MCP Admin"),
        DW_LIT("a@b::MCP User"), DW_LIT("a@b:p:Other"),
    };
    const struct dw_slice nobody = DW_LIT("nobody");
    const struct dw_tenant_dev_user *users;
    size_t count;

    (void)state;
    assert_done(dw_dev_users((struct dw_slices){written, 5}, arena, &users, &count, &error), error);
    assert_int_equal(count, 5);
    assert_slice(users[0].email, "a@b");
    assert_int_equal(users[0].password.len, 16);
    assert_slice(users[0].role, "MCP User");
    assert_slice(users[1].password, "pass word");
    assert_slice(users[2].password, "p:q");
    assert_slice(users[2].role, "MCP Admin");
    assert_int_equal(users[3].password.len, 16);
    assert_false(dw_slice_eq(users[0].password, users[3].password));
    assert_slice(users[4].password, "p:Other");
    assert_fails(dw_dev_users((struct dw_slices){&nobody, 1}, arena, &users, &count, &error), error,
                 DW_USAGE);
}

static void without_users_there_is_one_of_each_role(void **state)
{
    const struct dw_tenant_dev_user *users;
    size_t count;

    (void)state;
    assert_done(dw_dev_users((struct dw_slices){NULL, 0}, arena, &users, &count, &error), error);
    assert_int_equal(count, 2);
    assert_slice(users[0].email, "user@example.com");
    assert_slice(users[0].role, "MCP User");
    assert_slice(users[1].email, "admin@example.com");
    assert_slice(users[1].role, "MCP Admin");
}

static const char *print(struct dw_slice password, bool has_policy)
{
    const struct dw_tenant_dev_user user = {DW_LIT("a@b.org"), password, DW_LIT("MCP User")};
    const struct dw_dev_facts facts = {
        .mcp_url = DW_LIT("http://127.0.0.1:1/mcp"),
        .issuer = DW_LIT("http://127.0.0.1:2/"),
        .upstream = DW_LIT("node server.js"),
        .log = DW_LIT(".doorward/doorward.log"),
        .users = &user,
        .user_count = 1,
        .has_policy = has_policy,
    };
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice text;

    dw_dev_print(&facts, &out);
    assert_done(dw_buf_finish(&out, &text, &error), error);
    return text.ptr;
}

static void what_a_newcomer_needs_is_printed(void **state)
{
    static const char *const wanted[] = {
        "MCP URL   http://127.0.0.1:1/mcp\n",
        "Tenant    http://127.0.0.1:2/\n",
        "Upstream  node server.js\n",
        "Log       .doorward/doorward.log\n",
        "a@b.org  pass  MCP User: read:tools execute:tools read:resources\n",
        "claude mcp add --transport http doorward http://127.0.0.1:1/mcp\n",
        "{\"mcpServers\":{\"doorward\":{\"url\":\"http://127.0.0.1:1/mcp\"}}}\n",
        "--server-url http://127.0.0.1:1/mcp\n",
        "curl -sS http://127.0.0.1:2/oauth/token -d grant_type=password -d client_id=doorward-dev",
    };
    const char *text = print(DW_LIT("pass"), true);

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!strstr(text, wanted[i]))
            fail_msg("%s is not in\n%s", wanted[i], text);
    assert_null(strstr(text, "[[policy]]"));
    assert_non_null(strstr(print(DW_LIT("pass"), false), "There are no [[policy]] rows"));
}

static void a_password_is_one_word_of_the_shell(void **state)
{
    (void)state;
    assert_non_null(strstr(print(DW_LIT("a'; rm $HOME `x`"), true),
                           "--data-urlencode password='a'\\''; rm $HOME `x`' "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(users_have_an_email_a_password_and_a_role, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_users_there_is_one_of_each_role, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_newcomer_needs_is_printed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_password_is_one_word_of_the_shell, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
