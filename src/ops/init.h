/* Making a data directory: store, sealing key, and the CA. */
#ifndef PL_OPS_INIT_H
#define PL_OPS_INIT_H

#include "base/compiler.h"
#include "base/err.h"

struct init_wish {
    const char *ca_name; /* NULL: "Padlock on HOST"; the root gets " Root CA" and the issuing CA "
                            Issuing CA" behind it */
    bool has_no_ca;
    const char *base_url; /* of the CA's addresses (AIA, CRL); NULL: none */
};

/*
 * Makes data_dir (0700, or 0750 for the user "padlock"'s group when root runs this and that user is
 * there), the sealing key (0600), the store, a self-signed root (P-384, 20 years, path length 1)
 * and an issuing CA (P-256, 5 years, path length 0). All or nothing: what was made is removed on
 * failure.
 *
 * Fails  store.exists (never overwrites), keys.sealing.exists, ca.base_url.invalid, sys.file.*,
 * store.*
 */
bool ops_init(const char *data_dir, const struct init_wish *wish, struct err *e) PL_MUST_USE;

/* Whether ops_init() would begin. Makes nothing. Fails store.exists, ca.base_url.invalid,
 * ops.ca.name */
bool ops_init_check(const char *data_dir, const struct init_wish *wish, struct err *e) PL_MUST_USE;

#endif
