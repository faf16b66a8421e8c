/* What every unit test includes: cmocka with its required headers, and checks on struct err. */
#ifndef PL_TESTS_UNIT_H
#define PL_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above first */
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The call succeeds; on failure its reason is printed. */
#define assert_ok(call, e)                                                                         \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s [%s]", #call, (e)->step[0], err_code_text((e)->code));                \
        }                                                                                          \
    } while (0)

/* The call fails with this code. */
#define assert_fails(call, e, expected)                                                            \
    do {                                                                                           \
        assert_false(call);                                                                        \
        assert_string_equal(err_code_text((e)->code), err_code_text(expected));                    \
    } while (0)

/*
 * Fails each allocation of body in turn until it succeeds without reaching the failing one. body is
 * an expression of type bool that frees what it made; every failure must be base.oom.
 */
#define assert_survives_oom(body, e)                                                               \
    do {                                                                                           \
        bool pl_done = false;                                                                      \
        for (uint64_t pl_nth = 1; !pl_done; pl_nth++) {                                            \
            err_init(e);                                                                           \
            mem_fail_at(pl_nth);                                                                   \
            bool pl_ok = (body);                                                                   \
            pl_done = mem_count() < pl_nth;                                                        \
            mem_fail_at(0);                                                                        \
            if (!pl_ok) {                                                                          \
                assert_string_equal(err_code_text((e)->code), "base.oom");                         \
            }                                                                                      \
            if (pl_done) {                                                                         \
                assert_true(pl_ok);                                                                \
            }                                                                                      \
        }                                                                                          \
    } while (0)

#endif
