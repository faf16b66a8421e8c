/*
 * The inventory: what was seen at listeners, beside what is stored for them and what servers have
 * loaded, so that a certificate that was replaced here and not there stands out.
 */
#ifndef PL_OPS_INVENTORY_H
#define PL_OPS_INVENTORY_H

#include "ops/ops.h"
#include "store/bindings.h"
#include "store/certs.h"
#include "store/sightings.h"

/* One look at a listener. Texts are borrowed for the call. */
struct inventory_look {
    const char *listener;
    const char *address;
    unsigned port;
    const char *host;
    int64_t tried_ms;
    enum sighting_state state;
    const char *fault;
    const uint8_t *der; /* the certificate that was seen; NULL: none */
    size_t der_len;
};

enum { INVENTORY_BATCH_MAX = 128 };

/*
 * Notes looks, in one operation. What cannot be reached keeps what was seen there last.
 * Cannot be undone: it is what was seen. Fails pki.cert.malformed, store.*, base.*
 */
bool ops_inventory_note(struct ops *ops, const struct inventory_look *looks, size_t count,
                        struct err *e) PL_MUST_USE;

/* How what is served there relates to what is stored for it. */
enum inventory_lane {
    INVENTORY_SAME,      /* a certificate of the binding is served */
    INVENTORY_DIFFERENT, /* there is a binding, and something else is served */
    INVENTORY_UNSEEN,    /* there is a binding, and no look has seen a certificate */
    INVENTORY_KNOWN,     /* no binding; the certificate is in this store */
    INVENTORY_FOREIGN,   /* no binding, and not of this store */
};
const char *inventory_lane_text(enum inventory_lane lane); /* "same" */

/* Clear works on a zeroed struct. */
struct inventory_entry {
    enum inventory_lane lane;
    struct binding_row *binding; /* NULL: none here */
    struct cert_row *stored;     /* the binding's, of the kind that was seen; NULL */
    struct cert_row *served;     /* the one that was seen, when it is of this store; NULL */
    size_t servers;              /* that are alive */
    size_t loaded;               /* of them those that follow the store to its newest change */
};
void inventory_entry_clear(struct inventory_entry *entry);

/* What is known of a sighting. Fails store.* */
bool ops_inventory_compare(struct ops *ops, const struct sighting_row *row,
                           struct inventory_entry *out_entry, struct err *e) PL_MUST_USE;

/*
 * Where this store's own bindings can be looked at: a line each, as scan takes them
 * ("www.example.com@127.0.0.1:443"). Fails store.*, base.*
 */
bool ops_inventory_own(struct ops *ops, struct buf *out_targets, struct err *e) PL_MUST_USE;

/* Forgets a listener; *out_was_there false: it was none. */
bool ops_inventory_forget(struct ops *ops, const char *listener, bool *out_was_there, struct err *e)
    PL_MUST_USE;

#endif
