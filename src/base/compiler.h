/*
 * What the compiler offers beyond the language: must-use results, cleanup at the end of a scope,
 * ownership handed on, checked format strings. Works with gcc 12 and clang 14 in gnu17.
 */
#ifndef PL_BASE_COMPILER_H
#define PL_BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PL_MUST_USE __attribute__((warn_unused_result))
#define PL_PRINTF(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))
#define PL_NONNULL __attribute__((nonnull))
#define PL_UNUSED __attribute__((unused))

/* Runs fn(&variable) when the scope ends: PL_AUTO(cert_freep) struct cert *c = NULL; */
#define PL_AUTO(fn) __attribute__((cleanup(fn)))

/* The pointer's value; the variable no longer owns it. */
#define PL_TAKE(pointer)                                                                           \
    (__extension__({                                                                               \
        __typeof__(pointer) *pl_taken_from = &(pointer);                                           \
        __typeof__(pointer) pl_taken = *pl_taken_from;                                             \
        *pl_taken_from = NULL;                                                                     \
        pl_taken;                                                                                  \
    }))

/* Makes NAME_freep for PL_AUTO out of a free function that accepts NULL. */
#define PL_DEFINE_FREEP(name, type, free_function)                                                 \
    static inline void name(type **pl_owner) {                                                     \
        free_function(*pl_owner);                                                                  \
        *pl_owner = NULL;                                                                          \
    }

#define PL_ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* One word per bug: conditions that no input can bring about. Bugs stop the program. */
#define PL_BUG_UNLESS(condition)                                                                   \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            pl_bug(__FILE__, __LINE__, #condition);                                                \
        }                                                                                          \
    } while (0)

/* For a place that cannot be reached: PL_BUG("an option that its table does not have"). */
#define PL_BUG(what) pl_bug(__FILE__, __LINE__, what)

_Noreturn void pl_bug(const char *file, int line, const char *condition);

#endif
