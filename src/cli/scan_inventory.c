/* Documents of a scan into the inventory. */
#include "cli/scan_inventory.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "inspect/trace/told.h"

#include <string.h>

void scan_inventory_clear(struct scan_inventory *inventory) {
    for (size_t i = 0; i < inventory->count; i++) {
        json_decref(inventory->documents[i]);
    }
    inventory->count = 0;
}

bool scan_inventory_add(struct scan_inventory *inventory, struct ops *ops, json_t *document,
                        struct err *e) {
    inventory->documents[inventory->count++] = json_incref(document);
    return inventory->count < INVENTORY_BATCH_MAX || scan_inventory_flush(inventory, ops, e);
}

static enum sighting_state state_of(const json_t *document) {
    const char *state = told_text(document, "state");
    return str_equal(state, "finished")      ? SIGHTING_SEEN
           : str_equal(state, "unreachable") ? SIGHTING_UNREACHABLE
                                             : SIGHTING_NOT_TLS;
}

/* The bytes of the first chain's own certificate. Fails base.oom */
static bool read_leaf(const json_t *chain, struct inventory_look *out, void **out_memory,
                      struct err *e) {
    const json_t *leaf = json_array_get(json_object_get(chain, "certificates"), 0);
    const char *digits = told_text(leaf, "der");
    size_t len = strlen(digits);
    if (len == 0) {
        return true;
    }
    if (!mem_alloc(len / 2 + 1, out_memory, e)) {
        return false;
    }
    if (hex_decode(digits, len, *out_memory)) {
        out->der = *out_memory;
        out->der_len = len / 2;
    }
    return true;
}

static bool read_look(const json_t *document, struct inventory_look *out, void **out_memory,
                      struct err *e) {
    const json_t *chain = json_array_get(json_object_get(document, "chains"), 0);
    const json_t *name = json_array_get(json_object_get(chain, "names"), 0);
    const json_t *worst = json_array_get(json_object_get(document, "findings"), 0);
    const char *address = told_text(document, "address");
    *out = (struct inventory_look){
        .listener = told_text(document, "target"),
        .address = address[0] == '\0' ? told_text(document, "host") : address,
        .port = (unsigned)json_integer_value(json_object_get(document, "port")),
        .host = json_string_value(name) == NULL ? "" : json_string_value(name),
        .tried_ms = clock_now_ms(),
        .state = state_of(document),
        .fault = told_text(worst, "code")};
    return read_leaf(chain, out, out_memory, e);
}

bool scan_inventory_flush(struct scan_inventory *inventory, struct ops *ops, struct err *e) {
    struct inventory_look looks[INVENTORY_BATCH_MAX];
    void *memories[INVENTORY_BATCH_MAX] = {NULL};
    bool ok = true;
    for (size_t i = 0; ok && i < inventory->count; i++) {
        ok = read_look(inventory->documents[i], &looks[i], &memories[i], e);
    }
    ok = ok && (inventory->count == 0 || ops_inventory_note(ops, looks, inventory->count, e));
    for (size_t i = 0; i < inventory->count; i++) {
        mem_free(memories[i]);
    }
    scan_inventory_clear(inventory);
    return ok;
}
