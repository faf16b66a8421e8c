/* Certificates in order, at most CERT_LIST_MAX; each entry holds a reference of its own. */
#include "pki/cert.h"

#include "base/mem.h"

#include <string.h>

enum { FIRST_CAPACITY = 8 };

void cert_list_clear(struct cert_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        cert_free(list->items[i]);
    }
    mem_free(list->items);
    *list = (struct cert_list){0};
}

static bool reserve(struct cert_list *list, struct err *e) {
    if (list->count >= CERT_LIST_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "more than %d certificates", CERT_LIST_MAX);
    }
    if (list->count < list->capacity) {
        return true;
    }
    size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : list->capacity * 2;
    void *items = list->items;
    if (!mem_resize(&items, capacity * sizeof(struct cert *), e)) {
        return false;
    }
    list->items = items;
    list->capacity = capacity;
    return true;
}

bool cert_list_insert(struct cert_list *list, size_t index, struct cert *cert, struct err *e) {
    PL_BUG_UNLESS(index <= list->count);
    if (!reserve(list, e)) {
        return false;
    }
    memmove(list->items + index + 1, list->items + index,
            (list->count - index) * sizeof(struct cert *));
    list->items[index] = cert_ref(cert);
    list->count++;
    return true;
}

bool cert_list_add(struct cert_list *list, struct cert *cert, struct err *e) {
    return cert_list_insert(list, list->count, cert, e);
}

bool cert_list_add_new(struct cert_list *list, struct cert *cert, struct err *e) {
    return cert_list_has(list, cert) || cert_list_add(list, cert, e);
}

bool cert_list_append(struct cert_list *list, const struct cert_list *more, struct err *e) {
    for (size_t i = 0; i < more->count; i++) {
        if (!cert_list_add(list, more->items[i], e)) {
            return false;
        }
    }
    return true;
}

bool cert_list_has(const struct cert_list *list, const struct cert *cert) {
    for (size_t i = 0; i < list->count; i++) {
        if (cert_equal(list->items[i], cert)) {
            return true;
        }
    }
    return false;
}
