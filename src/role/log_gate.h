/*
 * How often a kind of line may be logged, so that who attacks does not write our log: a few lines a
 * period are written, the rest of it is counted and told in one line at its end. No clock of its
 * own.
 */
#ifndef PL_ROLE_LOG_GATE_H
#define PL_ROLE_LOG_GATE_H

#include "base/compiler.h"

enum { LOG_GATE_LINES = 20, LOG_GATE_PERIOD_MS = 10 * 1000 };

/* Zeroed: open. */
struct log_gate {
    int64_t ends_ms; /* of the period; 0: none is under way */
    uint32_t written;
    uint64_t missed;
};

/* Whether one more line may be written; else it is counted. */
bool log_gate_passes(struct log_gate *gate, int64_t now_ms);

/* How many were not written, once, when the period is over (or is_last); 0 otherwise. */
uint64_t log_gate_take_missed(struct log_gate *gate, int64_t now_ms, bool is_last);

#endif
