/* One-time codes and links: attacks first. */
#include "tenant/factor/otp_internal.h"

#include <pthread.h>

#include "fixture.h"

static struct dw_tenant_call *fresh_call(void)
{
    struct dw_tenant_call *call = DW_ARENA_NEW(world.arena, struct dw_tenant_call);

    *call =
        (struct dw_tenant_call){.tenant = world.tenant, .arena = world.arena, .now_s = world_now_s};
    return call;
}

static const char *new_code(const struct dw_otp *otp)
{
    struct dw_secret code;
    struct dw_error error = {0};

    assert_done(dw_otp_new_code(fresh_call(), otp, &code, &error), error);
    assert_int_equal(code.hidden.len, DW_OTP_DIGITS);
    return text_of(code.hidden);
}

static enum dw_otp_verdict use_code(const struct dw_otp *otp, const char *code)
{
    enum dw_otp_verdict verdict = DW_OTP_RIGHT;
    struct dw_slice detail;
    struct dw_error error = {0};

    assert_done(dw_otp_use_code(fresh_call(), otp, S(code), &verdict, &detail, &error), error);
    return verdict;
}

/* Another code than the one given. */
static const char *wrong(const char *code)
{
    return strcmp(code, "123456") == 0 ? "123457" : "123456";
}

static void a_code_that_fits_nobody_is_as_any_other_and_never_right(void **state)
{
    struct dw_otp otp = {
        .purpose = "t", .subject = S("nobody"), .lifetime_s = 60, .fits_nobody = true};
    const char *code = new_code(&otp);

    (void)state;
    assert_int_equal(use_code(&otp, code), DW_OTP_WRONG);
    assert_int_equal(use_code(&otp, code), DW_OTP_WRONG);
    assert_int_equal(use_code(&otp, code), DW_OTP_DEAD);
}

static void a_code_dies_after_three_wrong_tries(void **state)
{
    struct dw_otp otp = {.purpose = "t", .subject = S("dies"), .lifetime_s = 60};
    const char *code = new_code(&otp);

    (void)state;
    assert_int_equal(use_code(&otp, wrong(code)), DW_OTP_WRONG);
    assert_int_equal(use_code(&otp, ""), DW_OTP_WRONG);
    assert_int_equal(use_code(&otp, wrong(code)), DW_OTP_DEAD);
    assert_int_equal(use_code(&otp, code), DW_OTP_DEAD);
}

static void a_code_is_for_its_purpose_and_subject_alone(void **state)
{
    struct dw_otp otp = {.purpose = "mine", .subject = S("ada"), .lifetime_s = 60};
    struct dw_otp other_subject = {.purpose = "mine", .subject = S("eve"), .lifetime_s = 60};
    struct dw_otp other_purpose = {.purpose = "yours", .subject = S("ada"), .lifetime_s = 60};
    const char *code = new_code(&otp);

    (void)state;
    (void)new_code(&other_subject);
    assert_int_equal(use_code(&other_purpose, code), DW_OTP_WRONG);
    assert_int_not_equal(use_code(&other_subject, code), DW_OTP_RIGHT);
    assert_int_equal(use_code(&otp, code), DW_OTP_RIGHT);
}

static void a_code_works_once_before_it_expires(void **state)
{
    struct dw_otp otp = {
        .purpose = "t", .subject = S("once"), .lifetime_s = 60, .detail_json = S("{\"a\":1}")};
    enum dw_otp_verdict verdict;
    struct dw_slice detail;
    struct dw_error error = {0};
    const char *code = new_code(&otp);

    (void)state;
    assert_done(dw_otp_use_code(fresh_call(), &otp,
                                dw_arena_printf(world.arena, " %.3s-%s ", code, code + 3), &verdict,
                                &detail, &error),
                error);
    assert_int_equal(verdict, DW_OTP_RIGHT);
    assert_slice(detail, "{\"a\":1}");
    assert_int_equal(use_code(&otp, code), DW_OTP_WRONG);
    code = new_code(&otp);
    world_now_s += 60;
    assert_int_equal(use_code(&otp, code), DW_OTP_EXPIRED);
}

static void the_newest_code_counts(void **state)
{
    struct dw_otp otp = {.purpose = "t", .subject = S("newest"), .lifetime_s = 60};
    const char *first = new_code(&otp);
    const char *second = new_code(&otp);

    (void)state;
    if (strcmp(first, second) != 0)
        assert_int_equal(use_code(&otp, first), DW_OTP_WRONG);
    assert_int_equal(use_code(&otp, second), DW_OTP_RIGHT);
}

static void sending_again_and_again_gives_no_more_guesses(void **state)
{
    struct dw_otp otp = {.purpose = "t", .subject = S("guesser"), .lifetime_s = 600};
    struct dw_secret code;
    struct dw_error error = {0};
    int sends = 0;

    (void)state;
    for (int hour = 0; hour < 5; hour++, world_now_s += DW_OTP_SENDS_WINDOW_S)
        for (int i = 0; i < 20; i++) {
            error = (struct dw_error){0};
            if (!dw_otp_new_code(fresh_call(), &otp, &code, &error)) {
                assert_int_equal(error.code, DW_TOO_MANY);
                break;
            }
            sends++;
            while (use_code(&otp, wrong(text_of(code.hidden))) == DW_OTP_WRONG) {
            }
        }
    assert_int_equal(sends, 5 * DW_OTP_SENDS);
    /* Of later codes no try is looked at. */
    assert_done(dw_otp_new_code(fresh_call(), &otp, &code, &error), error);
    assert_int_equal(use_code(&otp, text_of(code.hidden)), DW_OTP_LOCKED);
}

static void a_link_is_looked_at_often_and_used_once(void **state)
{
    struct dw_otp otp = {
        .purpose = "l", .subject = S("ada"), .lifetime_s = 60, .detail_json = S("{\"u\":2}")};
    struct dw_secret token;
    struct dw_slice detail;
    struct dw_error error = {0};
    bool is_good = false;

    (void)state;
    assert_done(dw_otp_new_link(fresh_call(), &otp, &token, &error), error);
    assert_int_equal(token.hidden.len, 43);
    for (int i = 0; i < 5; i++) {
        assert_done(dw_otp_look_at_link(fresh_call(), "l", token.hidden, &is_good, &detail, &error),
                    error);
        assert_true(is_good);
        assert_slice(detail, "{\"u\":2}");
    }
    assert_done(dw_otp_use_link(fresh_call(), "m", token.hidden, &is_good, &detail, &error), error);
    assert_false(is_good);
    assert_done(dw_otp_use_link(fresh_call(), "l", token.hidden, &is_good, &detail, &error), error);
    assert_true(is_good);
    assert_slice(detail, "{\"u\":2}");
    assert_done(dw_otp_use_link(fresh_call(), "l", token.hidden, &is_good, &detail, &error), error);
    assert_false(is_good);
}

#define RACERS 8

struct racer {
    const struct dw_otp *otp;
    const char *code;
    enum dw_otp_verdict verdict;
    bool is_done;
};

static void *race(void *user)
{
    struct racer *racer = user;
    struct dw_arena *arena = dw_arena_new((size_t)1 << 20);
    struct dw_tenant_call call = {.tenant = world.tenant, .arena = arena, .now_s = world_now_s};
    struct dw_slice detail;

    racer->is_done =
        dw_otp_use_code(&call, racer->otp, S(racer->code), &racer->verdict, &detail, NULL);
    dw_arena_free(arena);
    return NULL;
}

static void of_many_at_once_one_gets_it(void **state)
{
    struct dw_otp otp = {.purpose = "t", .subject = S("race"), .lifetime_s = 60};
    struct racer racers[RACERS];
    pthread_t threads[RACERS];
    const char *code = new_code(&otp);
    int winners = 0;

    (void)state;
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){.otp = &otp, .code = code};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(racers[i].is_done);
        winners += racers[i].verdict == DW_OTP_RIGHT;
    }
    assert_int_equal(winners, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_that_fits_nobody_is_as_any_other_and_never_right),
        cmocka_unit_test(a_code_dies_after_three_wrong_tries),
        cmocka_unit_test(a_code_is_for_its_purpose_and_subject_alone),
        cmocka_unit_test(a_code_works_once_before_it_expires),
        cmocka_unit_test(the_newest_code_counts),
        cmocka_unit_test(sending_again_and_again_gives_no_more_guesses),
        cmocka_unit_test(a_link_is_looked_at_often_and_used_once),
        cmocka_unit_test(of_many_at_once_one_gets_it),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
