/*
 * Bleichenbacher's attack: rounds of five blocks. A server that reacts to all alike is safe. One
 * that tells them apart is asked again: vulnerable when three rounds in a row were alike, so that
 * no slowness of a server or of the way to it is taken for an answer.
 */
#include "base/str.h"
#include "inspect/scan/plan_parts.h"
#include "inspect/wire/numbers.h"

#include <string.h>

enum { ROUNDS_MAX = 6, ROUNDS_ALIKE = 3, ROBOT_END = ROUNDS_MAX * ROBOT_BLOCKS };

static void offer_rsa(struct scan_host *h, struct scan_ask *ask) {
    struct scan_suite suite;
    size_t kept = 0;
    plan_offer_found(h, scan_host_newest_12(h), ask);
    for (size_t i = 0; i < ask->suite_count; i++) {
        if (scan_suite_find(ask->suites[i], &suite) &&
            str_starts_with(suite.name, "TLS_RSA_WITH_")) {
            ask->suites[kept++] = suite.code;
        }
    }
    ask->suite_count = kept;
}

static bool next_robot(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    offer_rsa(h, ask);
    if (lane->step < ROBOT_END && ask->suite_count == 0) {
        h->robot[lane->number].outcome = ANSWER_SAFE;
        return false;
    }
    ask->kind = ASK_ROBOT;
    ask->block = (enum robot_block)(lane->step % ROBOT_BLOCKS);
    ask->has_finish = lane->number == 0;
    return lane->step < ROBOT_END;
}

static bool tells_apart(const struct scan_robot *r) {
    for (size_t i = 1; i < ROBOT_BLOCKS; i++) {
        if (r->lens[i] != r->lens[0] || memcmp(r->reactions[i], r->reactions[0], r->lens[0]) != 0) {
            return true;
        }
    }
    return false;
}

/*
 * A server that asked for our certificate may have ended the connection because there was none,
 * and never looked at the block. That it did shows in silence, which is that it waits for more, or
 * in the alerts for what does not decrypt.
 */
static bool has_looked_at_block(const struct scan_answer *a) {
    return !a->asks_for_certificate || a->reaction[0] == ANSWER_REACTION_SILENCE ||
           (a->reaction[0] == WIRE_ALERT && (a->reaction[2] == WIRE_ALERT_BAD_RECORD_MAC ||
                                             a->reaction[2] == WIRE_ALERT_DECRYPTION_FAILED ||
                                             a->reaction[2] == WIRE_ALERT_DECRYPT_ERROR));
}

/* Whether there is an outcome; last: to the last block of the round. */
static bool end_round(struct scan_robot *r, const struct scan_answer *last) {
    if (!tells_apart(r)) {
        r->outcome = has_looked_at_block(last) ? ANSWER_SAFE : ANSWER_UNTESTED;
        return true;
    }
    r->same_count = r->has_changed ? 1 : r->same_count + 1;
    r->has_changed = false;
    r->outcome = r->same_count == ROUNDS_ALIKE ? ANSWER_VULNERABLE : ANSWER_UNCLEAR;
    return r->outcome == ANSWER_VULNERABLE;
}

static void keep_reaction(struct scan_robot *r, size_t block, const struct scan_answer *a) {
    r->has_changed = r->has_changed || r->lens[block] != a->reaction_len ||
                     memcmp(r->reactions[block], a->reaction, a->reaction_len) != 0;
    r->lens[block] = a->reaction_len;
    memcpy(r->reactions[block], a->reaction, a->reaction_len);
}

static bool take_robot(struct scan_host *h, struct scan_lane *lane,
                       const struct plan_answer *answer, struct err *e) {
    struct scan_robot *r = &h->robot[lane->number];
    size_t block = lane->step % ROBOT_BLOCKS;
    (void)e;
    if (answer->a->reaction_len == 0) {
        r->outcome = ANSWER_UNTESTED;
        lane->step = ROBOT_END;
        return true;
    }
    keep_reaction(r, block, answer->a);
    lane->step++;
    if (block == ROBOT_BLOCKS - 1 && end_round(r, answer->a)) {
        lane->step = ROBOT_END;
    }
    return true;
}

const struct lane_rules plan_robot = {.phase = 3, .next = next_robot, .take = take_robot};
