/*
 * A growing array of strings with a hard maximum: names, addresses, warnings.
 * Clear works on a zeroed struct with max 0; init gives the maximum.
 */
#ifndef PL_BASE_LIST_H
#define PL_BASE_LIST_H

#include "base/compiler.h"
#include "base/err.h"

struct list {
    char **items; /* owned */
    size_t count;
    size_t capacity;
    size_t max;
};

void list_init(struct list *l, size_t max);
void list_clear(struct list *l);
/* Appends a copy. Fails base.oom, base.limit. */
bool list_add(struct list *l, const char *item, struct err *e) PL_MUST_USE;
/* The same with a text of at most 64 KiB. */
bool list_printf(struct list *l, struct err *e, const char *format, ...)
    PL_MUST_USE PL_PRINTF(3, 4);
/* Appends unless an equal one (ASCII letters in either case) is there. */
bool list_add_new(struct list *l, const char *item, struct err *e) PL_MUST_USE;
bool list_has(const struct list *l, const char *item); /* letters in either case */
/* All items with the separator between. Fails base.oom, base.limit. Caller owns, mem_free(). */
bool list_join(const struct list *l, const char *separator, char **out_string, struct err *e)
    PL_MUST_USE;
void list_remove(struct list *l, size_t index);

#endif
