/* Parts of a binding that can be chosen when it is made and changed later. Private to ops/. */
#ifndef PL_OPS_BIND_SET_H
#define PL_OPS_BIND_SET_H

#include "ops/bindings.h"

/* The policy (NULL: intermediate) into the row, whose text lies in out_found. */
bool bind_choose_policy(struct ops *ops, const char *name, struct binding_row *row,
                        struct policy_found *out_found, struct err *e) PL_MUST_USE;

/*
 * The CAs of the row's clients, by row->client_auth and a file's name (NULL or "own": the own CA),
 * into the row; out_der holds the bytes.
 *
 * Fails  ops.bind.client_auth, ops.bind.client_ca, ops.ca.missing, pki.trust.empty, sys.file.*
 */
bool bind_choose_client_ca(struct ops *ops, const char *file, struct binding_row *row,
                           struct buf *out_der, struct err *e) PL_MUST_USE;

/*
 * The parts of the site "services", by their words with commas between (NULL: all usual ones), into
 * the row, whose scheme is known; out holds the words. Fails ops.bind.parts.
 */
bool bind_choose_parts(const struct site_row *site, const char *text, struct binding_row *row,
                       struct list *out, struct err *e) PL_MUST_USE;

#endif
