/* The policy: which row speaks for a message, and whether the bearer's scopes satisfy it. */
#include "guard/policy_internal.h"

#include "base/text.h"
#include "mcp/method.h"
#include "oauth/access_token.h"

/* One thing a message does; a subscription does several at once. */
struct subject {
    struct dw_slice method;
    enum dw_mcp_kind kind;
    struct dw_slice name;   /* empty: about the method as a whole */
    bool is_for_every_user; /* lists, and what every session needs */
};

/* Collects what is missing over all subjects of a message. */
struct verdict {
    struct dw_arena *arena;
    struct dw_slice *needed;
    size_t needed_count, needed_size;
    struct dw_slice rule;
    bool is_forbidden, lacks_scope, is_out_of_memory;
};

static bool is_scope_token(struct dw_slice scope)
{
    for (size_t i = 0; i < scope.len; i++)
        if (scope.ptr[i] <= 0x20 || scope.ptr[i] > 0x7e || scope.ptr[i] == '"' ||
            scope.ptr[i] == '\\')
            return false;
    return scope.len > 0;
}

static bool are_scope_tokens(struct dw_slices scopes)
{
    for (size_t i = 0; i < scopes.count; i++)
        if (!is_scope_token(scopes.items[i]))
            return false;
    return true;
}

static bool check_row(const struct dw_policy_row *row, struct dw_error *reterr)
{
    if ((row->tool.len != 0) + (row->prompt.len != 0) + (row->resource.len != 0) > 1)
        return dw_fail(reterr, DW_CONFIG,
                       "%.*s names more than one of tool, prompt and resource; no message is about "
                       "two, so make a row for each",
                       DW_PRINT(row->name));
    if (row->is_deny && row->all_scopes.count + row->any_scopes.count)
        return dw_fail(reterr, DW_CONFIG, "%.*s denies, so its scopes would have no effect",
                       DW_PRINT(row->name));
    if (!are_scope_tokens(row->all_scopes) || !are_scope_tokens(row->any_scopes))
        return dw_fail(reterr, DW_CONFIG,
                       "%.*s has a scope with a space, a quote, a backslash or nothing in it",
                       DW_PRINT(row->name));
    return true;
}

bool dw_policy_init(struct dw_policy *policy, const struct dw_policy_row *rows, size_t count,
                    struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_policy_row *copy = dw_arena_new_array(arena, count, sizeof *copy);

    if (!copy)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        copy[i] = rows[i];
        if (!rows[i].name.len)
            copy[i].name = dw_arena_printf(arena, "policy[%zu]", i + 1);
        if (!copy[i].name.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (!check_row(&copy[i], reterr))
            return false;
    }
    *policy = (struct dw_policy){copy, count};
    return true;
}

static bool glob_fits(struct dw_slice glob, bool is_about_it, struct dw_slice name)
{
    return glob.len == 0 || (is_about_it && name.len && dw_text_glob(glob, name));
}

static bool row_fits(const struct dw_policy_row *row, const struct subject *subject)
{
    bool names_method = row->method.len && !dw_slice_eq(row->method, DW_LIT("*"));

    /* A catch-all row is about using things: it must not keep anybody from connecting or listing.
     */
    if (subject->is_for_every_user && !names_method)
        return false;
    return glob_fits(row->method, true, subject->method) &&
           glob_fits(row->tool, subject->kind == DW_MCP_TOOL, subject->name) &&
           glob_fits(row->prompt, subject->kind == DW_MCP_PROMPT, subject->name) &&
           glob_fits(row->resource,
                     subject->kind == DW_MCP_RESOURCE || subject->kind == DW_MCP_RESOURCE_TEMPLATE,
                     subject->name);
}

static const struct dw_policy_row *find_row(const struct dw_policy *policy,
                                            const struct subject *subject)
{
    for (size_t i = 0; i < policy->count; i++)
        if (row_fits(&policy->rows[i], subject))
            return &policy->rows[i];
    return NULL;
}

static bool covers_any(struct dw_slices granted, struct dw_slices wanted)
{
    for (size_t i = 0; i < wanted.count; i++)
        if (dw_scopes_cover(granted, wanted.items[i]))
            return true;
    return wanted.count == 0;
}

static bool is_satisfied(const struct dw_policy_row *row, struct dw_slices granted)
{
    for (size_t i = 0; i < row->all_scopes.count; i++)
        if (!dw_scopes_cover(granted, row->all_scopes.items[i]))
            return false;
    return covers_any(granted, row->any_scopes);
}

static void need(struct verdict *verdict, struct dw_slice scope)
{
    if (dw_slices_have((struct dw_slices){verdict->needed, verdict->needed_count}, scope))
        return;
    if (verdict->needed_count == verdict->needed_size) {
        size_t size = verdict->needed_size ? verdict->needed_size * 2 : 8;
        struct dw_slice *grown =
            dw_arena_resize(verdict->arena, verdict->needed, verdict->needed_size * sizeof *grown,
                            size * sizeof *grown);

        if (!grown) {
            verdict->is_out_of_memory = true;
            return;
        }
        verdict->needed = grown;
        verdict->needed_size = size;
    }
    verdict->needed[verdict->needed_count++] = scope;
}

/* Every scope the row asks for, held or not, so that a client may ask for just these: of any_scopes
 * the first held one, else the first. */
static void need_row(struct verdict *verdict, const struct dw_policy_row *row,
                     struct dw_slices granted)
{
    size_t pick = 0;

    for (size_t i = 0; i < row->all_scopes.count; i++)
        need(verdict, row->all_scopes.items[i]);
    if (!row->any_scopes.count)
        return;
    while (pick < row->any_scopes.count && !dw_scopes_cover(granted, row->any_scopes.items[pick]))
        pick++;
    need(verdict, row->any_scopes.items[pick == row->any_scopes.count ? 0 : pick]);
}

/* The byte at uri[*at] as somebody who decodes reads it; *at moves to its last byte. */
static unsigned char decoded(struct dw_slice uri, size_t *at)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *high, *low;

    if (uri.ptr[*at] != '%' || uri.len - *at < 3 || !uri.ptr[*at + 1] || !uri.ptr[*at + 2])
        return (unsigned char)uri.ptr[*at];
    high = strchr(digits, uri.ptr[*at + 1]);
    low = strchr(digits, uri.ptr[*at + 2]);
    if (!high || !low)
        return '%';
    *at += 2;
    return (unsigned char)(((high - digits) & 15) << 4 | ((low - digits) & 15));
}

/* RFC 3986 2.3: to encode one of these means nothing, but to hide it. */
static bool is_unreserved(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

/* Whoever serves the URI may resolve it: a row for "file:///public/..." (a star at its end) must
 * not open "file:///public/../secret", in no spelling. So no "." or ".." as a segment, also between
 * backslashes and encoded ones; no encoded letters; and no control bytes, which URL readers of
 * browsers and Node drop, as they do spaces at the end. */
static bool is_crooked_uri(struct dw_slice uri)
{
    size_t dots = 0, others = 0;

    for (size_t i = 0; i <= uri.len; i++) {
        size_t start = i;
        unsigned char byte = i < uri.len ? decoded(uri, &i) : '/';

        if ((i > start && is_unreserved(byte)) || byte < ' ' || byte == 0x7f)
            return true;
        if (byte == '/' || byte == '\\' || byte == '?' || byte == '#') {
            if (others == 0 && (dots == 1 || dots == 2))
                return true;
            dots = others = 0;
        } else if (byte == '.') {
            dots++;
        } else if (byte != ' ') {
            others++;
        }
    }
    return false;
}

static bool is_crooked(const struct subject *subject)
{
    return (subject->kind == DW_MCP_RESOURCE || subject->kind == DW_MCP_RESOURCE_TEMPLATE) &&
           is_crooked_uri(subject->name);
}

static void judge(const struct dw_policy *policy, struct dw_slices granted,
                  const struct subject *subject, struct verdict *verdict)
{
    const struct dw_policy_row *row = find_row(policy, subject);

    if (is_crooked(subject)) {
        verdict->is_forbidden = true;
        verdict->rule = DW_LIT("crooked URI");
        return;
    }
    if (!row) {
        if (!subject->is_for_every_user) {
            verdict->is_forbidden = true;
            verdict->rule = DW_LIT("default deny");
        } else if (!verdict->rule.len) {
            verdict->rule = DW_LIT("every session");
        }
        return;
    }
    if (row->is_deny) {
        verdict->is_forbidden = true;
        verdict->rule = row->name;
        return;
    }
    need_row(verdict, row, granted);
    if (!is_satisfied(row, granted)) {
        verdict->lacks_scope = true;
        verdict->rule = row->name;
    } else if (!verdict->lacks_scope && !verdict->is_forbidden) {
        verdict->rule = row->name;
    }
}

static bool answer(const struct verdict *verdict, const struct dw_mcp_message *message,
                   struct dw_slices *ret_needed, struct dw_slice *ret_rule, struct dw_error *reterr)
{
    struct dw_slice what = message->name.len ? message->name : message->method;

    if (verdict->is_out_of_memory)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *ret_rule = verdict->rule;
    if (verdict->is_forbidden)
        return dw_fail(reterr, DW_FORBIDDEN, "the policy does not allow %.*s", DW_PRINT(what));
    *ret_needed = (struct dw_slices){verdict->needed, verdict->needed_count};
    if (verdict->lacks_scope)
        return dw_fail(reterr, DW_INSUFFICIENT_SCOPE, "%.*s needs a scope that the token lacks",
                       DW_PRINT(what));
    return true;
}

bool dw_policy_decide(const struct dw_policy *policy, struct dw_slices granted,
                      const struct dw_mcp_message *message, struct dw_arena *arena,
                      struct dw_slices *ret_needed, struct dw_slice *ret_rule,
                      struct dw_error *reterr)
{
    const struct dw_mcp_method *method = dw_mcp_method_find(message->method);
    struct subject subject = {message->method, message->kind, message->name,
                              dw_mcp_is_for_every_session(message) ||
                                  (method && (method->is_list || method->kind == DW_MCP_TASK))};
    struct verdict verdict = {.arena = arena};

    *ret_needed = (struct dw_slices){NULL, 0};
    *ret_rule = DW_LIT("no policy");
    if (policy->count == 0)
        return true;
    judge(policy, granted, &subject, &verdict);
    for (size_t i = 0; i < message->names.count; i++)
        judge(policy, granted,
              &(struct subject){message->method, DW_MCP_RESOURCE, message->names.items[i], false},
              &verdict);
    for (size_t i = 0; i < message->task_ids.count; i++)
        judge(policy, granted,
              &(struct subject){DW_LIT("tasks/get"), DW_MCP_TASK, message->task_ids.items[i], true},
              &verdict);
    return answer(&verdict, message, ret_needed, ret_rule, reterr);
}

bool dw_policy_may_see(const struct dw_policy *policy, struct dw_slices granted,
                       enum dw_mcp_kind kind, struct dw_slice name)
{
    static const struct dw_slice methods[] = {
        [DW_MCP_TOOL] = {"tools/call", 10},
        [DW_MCP_PROMPT] = {"prompts/get", 11},
        [DW_MCP_RESOURCE] = {"resources/read", 14},
        [DW_MCP_RESOURCE_TEMPLATE] = {"resources/read", 14},
    };
    struct subject subject = {DW_EMPTY, kind, name, false};
    const struct dw_policy_row *row;

    if (policy->count == 0)
        return true;
    if ((size_t)kind >= sizeof methods / sizeof *methods || !methods[kind].len)
        return false;
    subject.method = methods[kind];
    row = is_crooked(&subject) ? NULL : find_row(policy, &subject);
    return row && !row->is_deny && is_satisfied(row, granted);
}

bool dw_policy_scopes(const struct dw_policy *policy, struct dw_arena *arena,
                      struct dw_slices *ret_scopes, struct dw_error *reterr)
{
    struct verdict all = {.arena = arena};

    for (size_t i = 0; i < policy->count; i++) {
        for (size_t j = 0; j < policy->rows[i].all_scopes.count; j++)
            need(&all, policy->rows[i].all_scopes.items[j]);
        for (size_t j = 0; j < policy->rows[i].any_scopes.count; j++)
            need(&all, policy->rows[i].any_scopes.items[j]);
    }
    if (all.is_out_of_memory)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *ret_scopes = (struct dw_slices){all.needed, all.needed_count};
    return true;
}
