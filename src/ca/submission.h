/*
 * The states of a submission (a CSR handed to the CA), as one table of the moves that exist.
 *
 *     pending ──► approved ──► issued
 *        │            └──────► failed ──► approved (again)
 *        └──► denied                └───► denied
 *
 * Issued and denied are ends. Failed means that the CA could not sign after approval; the
 * approval may be tried again or taken back.
 */
#ifndef PL_CA_SUBMISSION_H
#define PL_CA_SUBMISSION_H

#include "base/compiler.h"
#include "base/err.h"
#include "store/submissions.h"

enum { CA_SUBMISSION_STATE_COUNT = SUBMISSION_FAILED + 1 };

/* True for the states that nothing leaves. */
bool ca_submission_is_final(enum submission_state state);
bool ca_submission_may_move(enum submission_state from, enum submission_state to);

/*
 * Moves *state to another, the only function that writes one.
 * Fails ca.submission.state: says what it is and why that move is not one; *state stands.
 */
bool ca_submission_move(enum submission_state *state, enum submission_state to, struct err *e)
    PL_MUST_USE;

#endif
