/* One certificate in the place of another, in all its bindings at once. */
#ifndef PL_OPS_REPLACE_H
#define PL_OPS_REPLACE_H

#include "base/list.h"
#include "ops/ops.h"
#include "store/certs.h"

/*
 * Every binding of one certificate shows the other from now on; all or none, in one change that can
 * be undone. The new one's key has made a test signature before.
 *
 * warnings   what will work, but perhaps not as meant; appended
 * out_count  bindings that were changed
 * Fails      ops.cert.same, ops.cert.unbound (nothing to replace), ops.bind.* (the new one does not
 *            suit a binding: which, and why), keys.test, store.*
 */
bool ops_cert_replace(struct ops *ops, struct cert_row *from, struct cert_row *to,
                      struct list *warnings, size_t *out_count, struct err *e) PL_MUST_USE;

#endif
