/*
 * What every fuzz target includes. A target is one file, target_NAME.c, with this one function; it
 * is linked to libFuzzer (make fuzz) or to replay.c, which runs the seeds and mutations of them in
 * the normal test run. A target checks properties beside "does not crash" wherever there is one.
 */
#ifndef PL_TESTS_FUZZ_H
#define PL_TESTS_FUZZ_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A property that no input may break. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The input as a string of its own size, so that reading past its end is seen. mem_free(). */
static inline char *fuzz_string(const uint8_t *bytes, size_t len) {
    void *string = NULL;
    FUZZ_CHECK(mem_dup(bytes, len, &string, NULL));
    return string;
}

/* A failure has told its reason. */
static inline bool fuzz_told(bool is_ok, const struct err *e) {
    FUZZ_CHECK(is_ok || (err_is_set(e) && e->step_count > 0 && e->step[0][0] != '\0'));
    FUZZ_CHECK(is_ok || err_kind_of(e) != ERR_KIND_BUG);
    return is_ok;
}

#endif
