/* Certificate requests: make, list, show, cancel. */
#ifndef PL_OPS_REQUEST_H
#define PL_OPS_REQUEST_H

#include "base/list.h"
#include "ops/ops.h"
#include "pki/key.h"
#include "pki/request.h"
#include "store/requests.h"

struct request_wish {
    struct request_names
        *names; /* checked and completed here: common name among the alternatives */
    struct key_spec key;
    bool is_exportable;
    const char *friendly_name; /* NULL: none */
};

/*
 * A new key, born sealed, and its CSR; pending until its certificate is installed.
 *
 * warnings  appended: what was completed, what looks wrong but may be meant
 * Fails     pki.name.*, request.*, pki.key.generate, keys.*, store.*
 */
bool ops_request_new(struct ops *ops, const struct request_wish *wish, struct list *warnings,
                     struct request_row **out_row, struct err *e) PL_MUST_USE;

/*
 * The one request that text means: an id, a friendly name, or a host name of its. Pending ones come
 * before others of the same name. Fails ops.request.missing, ops.request.ambiguous.
 */
bool ops_request_pick(struct ops *ops, const char *text, struct request_row **out_row,
                      struct err *e) PL_MUST_USE;

/* Only pending ones; the key is deleted with it. Fails ops.request.state. */
bool ops_request_cancel(struct ops *ops, struct request_row *row, struct err *e) PL_MUST_USE;

#endif
