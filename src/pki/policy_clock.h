/*
 * The dates from which rules for public certificates change, as data: the CA, the linter and the
 * verdicts "at a date" read the same table. No clock is read here.
 * Source: CA/Browser Forum Baseline Requirements 2.2.6 §6.3.2 and §4.2.1 (ballot SC-081v3).
 */
#ifndef PL_PKI_POLICY_CLOCK_H
#define PL_PKI_POLICY_CLOCK_H

#include "base/compiler.h"

/* What holds for certificates issued from from_ms (00:00:00 UTC) until the next row. */
struct policy_clock_row {
    int64_t from_ms;
    unsigned validity_days_max;     /* a day is 86,400 s; both ends of the validity count */
    unsigned validity_days_default; /* one day less: what §6.3.2 recommends, and what we issue */
    unsigned reuse_days_max;        /* how long a validated domain or address may be reused */
    const char *name;               /* "200 days from 2026-03-15" */
};

/* The row in force at a time; times before the first row get the first. Never NULL. */
const struct policy_clock_row *policy_clock_at(int64_t time_ms);
/* All rows, oldest first. */
const struct policy_clock_row *policy_clock_rows(size_t *out_count);

#endif
