/* The submission's moves, and what is said when one does not exist. */
#include "ca/submission.h"

/* may_move[from][to] */
static const bool may_move[CA_SUBMISSION_STATE_COUNT][CA_SUBMISSION_STATE_COUNT] = {
    [SUBMISSION_PENDING] = {[SUBMISSION_APPROVED] = true, [SUBMISSION_DENIED] = true},
    [SUBMISSION_APPROVED] = {[SUBMISSION_ISSUED] = true, [SUBMISSION_FAILED] = true},
    [SUBMISSION_FAILED] = {[SUBMISSION_APPROVED] = true, [SUBMISSION_DENIED] = true},
};

bool ca_submission_is_final(enum submission_state state) {
    for (unsigned to = 0; to < CA_SUBMISSION_STATE_COUNT; to++) {
        if (may_move[state][to]) {
            return false;
        }
    }
    return true;
}

bool ca_submission_may_move(enum submission_state from, enum submission_state to) {
    return may_move[from][to];
}

bool ca_submission_move(enum submission_state *state, enum submission_state to, struct err *e) {
    if (ca_submission_may_move(*state, to)) {
        *state = to;
        return true;
    }
    const char *from_name = submission_state_text(*state);
    const char *to_name = submission_state_text(to);
    if (*state == to) {
        return err_set(e, ERR_CA_SUBMISSION_STATE, "the submission is %s already", from_name);
    }
    (void)err_set(e, ERR_CA_SUBMISSION_STATE, "the submission is %s and cannot become %s",
                  from_name, to_name);
    if (*state == SUBMISSION_ISSUED) {
        return err_hint(e, "its certificate is there already: \"padlock ca fetch\" gets it");
    }
    return ca_submission_is_final(*state) ? err_hint(e, "submit the CSR again") : false;
}
