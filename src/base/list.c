/* A growing array of strings. */
#include "base/list.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdarg.h>
#include <string.h>

enum { FIRST_CAPACITY = 8, JOINED_MAX = 4 * 1024 * 1024, ITEM_MAX = 64 * 1024 };

void list_init(struct list *l, size_t max) {
    *l = (struct list){.max = max};
}

void list_clear(struct list *l) {
    for (size_t i = 0; i < l->count; i++) {
        mem_free(l->items[i]);
    }
    mem_free(l->items);
    *l = (struct list){.max = l->max};
}

static bool reserve(struct list *l, struct err *e) {
    if (l->count == l->max) {
        return err_set(e, ERR_BASE_LIMIT, "more than %zu entries", l->max);
    }
    if (l->count < l->capacity) {
        return true;
    }
    size_t capacity = l->capacity == 0 ? FIRST_CAPACITY : l->capacity * 2;
    void *items = l->items;
    if (!mem_resize(&items, capacity * sizeof(char *), e)) {
        return false;
    }
    l->items = items;
    l->capacity = capacity;
    return true;
}

bool list_add(struct list *l, const char *item, struct err *e) {
    if (!reserve(l, e) || !mem_strdup(item, &l->items[l->count], e)) {
        return false;
    }
    l->count++;
    return true;
}

bool list_printf(struct list *l, struct err *e, const char *format, ...) {
    PL_AUTO(buf_clear) struct buf item;
    buf_init(&item, ITEM_MAX);
    va_list arguments;
    va_start(arguments, format);
    bool ok = buf_vprintf(&item, e, format, arguments);
    va_end(arguments);
    if (!ok || !reserve(l, e) || !buf_take_string(&item, &l->items[l->count], e)) {
        return false;
    }
    l->count++;
    return true;
}

bool list_has(const struct list *l, const char *item) {
    for (size_t i = 0; i < l->count; i++) {
        if (str_equal_nocase(l->items[i], item)) {
            return true;
        }
    }
    return false;
}

bool list_add_new(struct list *l, const char *item, struct err *e) {
    return list_has(l, item) || list_add(l, item, e);
}

bool list_join(const struct list *l, const char *separator, char **out_string, struct err *e) {
    PL_AUTO(buf_clear) struct buf joined;
    buf_init(&joined, JOINED_MAX);
    for (size_t i = 0; i < l->count; i++) {
        if ((i > 0 && !buf_append_string(&joined, separator, e)) ||
            !buf_append_string(&joined, l->items[i], e)) {
            return false;
        }
    }
    return buf_take_string(&joined, out_string, e);
}

void list_remove(struct list *l, size_t index) {
    PL_BUG_UNLESS(index < l->count);
    mem_free(l->items[index]);
    memmove(l->items + index, l->items + index + 1, (l->count - index - 1) * sizeof(char *));
    l->count--;
}
