/* The table of dates. Times are Unix milliseconds; tests/unit/pki checks them against the calendar.
 */
#include "pki/policy_clock.h"

static const struct policy_clock_row rows[] = {
    {INT64_C(1598918400000), 398, 397, 398, "398 days from 2020-09-01"},
    {INT64_C(1773532800000), 200, 199, 200, "200 days from 2026-03-15"},
    {INT64_C(1805068800000), 100, 99, 100, "100 days from 2027-03-15"},
    {INT64_C(1868227200000), 47, 46, 10, "47 days from 2029-03-15"},
};

const struct policy_clock_row *policy_clock_at(int64_t time_ms) {
    size_t i = PL_ARRAY_LEN(rows) - 1;
    while (i > 0 && time_ms < rows[i].from_ms) {
        i--;
    }
    return &rows[i];
}

const struct policy_clock_row *policy_clock_rows(size_t *out_count) {
    *out_count = PL_ARRAY_LEN(rows);
    return rows;
}
