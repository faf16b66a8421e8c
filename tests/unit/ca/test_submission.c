/* ca/submission: every pair of states, and what is said of a move that does not exist. */
#include "unit.h"

#include "ca/submission.h"

#define P SUBMISSION_PENDING
#define A SUBMISSION_APPROVED
#define D SUBMISSION_DENIED
#define I SUBMISSION_ISSUED
#define F SUBMISSION_FAILED

/* Written out apart from the table that it checks. */
static const struct {
    enum submission_state from;
    enum submission_state to;
} moves[] = {{P, A}, {P, D}, {A, I}, {A, F}, {F, A}, {F, D}};

static bool is_move(enum submission_state from, enum submission_state to) {
    for (size_t i = 0; i < PL_ARRAY_LEN(moves); i++) {
        if (moves[i].from == from && moves[i].to == to) {
            return true;
        }
    }
    return false;
}

static void test_each_pair_of_states_moves_or_is_refused(void **state) {
    (void)state;
    for (unsigned from = 0; from < CA_SUBMISSION_STATE_COUNT; from++) {
        for (unsigned to = 0; to < CA_SUBMISSION_STATE_COUNT; to++) {
            struct err e = {0};
            enum submission_state at = (enum submission_state)from;
            bool is_allowed = is_move((enum submission_state)from, (enum submission_state)to);
            assert_int_equal(ca_submission_may_move(at, (enum submission_state)to), is_allowed);
            if (is_allowed) {
                assert_ok(ca_submission_move(&at, (enum submission_state)to, &e), &e);
                assert_int_equal(at, to);
            } else {
                assert_fails(ca_submission_move(&at, (enum submission_state)to, &e), &e,
                             ERR_CA_SUBMISSION_STATE);
                assert_int_equal(at, from);
            }
        }
    }
}

static void test_issued_and_denied_are_ends(void **state) {
    (void)state;
    assert_true(ca_submission_is_final(I));
    assert_true(ca_submission_is_final(D));
    assert_false(ca_submission_is_final(P));
    assert_false(ca_submission_is_final(A));
    assert_false(ca_submission_is_final(F));
}

static void test_refusal_names_both_states(void **state) {
    (void)state;
    struct err e = {0};
    enum submission_state at = I;
    assert_false(ca_submission_move(&at, D, &e));
    assert_string_equal(e.step[0], "the submission is issued and cannot become denied");
    assert_non_null(strstr(e.hint, "fetch"));
    at = A;
    assert_false(ca_submission_move(&at, A, &e));
    assert_string_equal(e.step[0], "the submission is approved already");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_pair_of_states_moves_or_is_refused),
        cmocka_unit_test(test_issued_and_denied_are_ends),
        cmocka_unit_test(test_refusal_names_both_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
