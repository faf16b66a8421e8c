/*
 * What a verification is made with besides the certificate: whom to trust, issuers and revocation
 * lists at hand. Read from files and the store. Private to ops/verify*.c.
 */
#ifndef PL_OPS_VERIFY_MATERIAL_H
#define PL_OPS_VERIFY_MATERIAL_H

#include "ops/verify.h"
#include "pki/crl.h"

enum {
    VERIFY_FILES_MAX = 512,
    VERIFY_STORES = 3,
    VERIFY_OWN_LISTS_MAX = 64,
    VERIFY_FETCHED_MAX = 8
};

/* Clear works on a zeroed struct. */
struct verify_material {
    struct cert_list system;  /* the system's roots, when they are trusted */
    struct cert_list own;     /* this store's, when they are */
    struct cert_list file;    /* of --trust */
    struct cert_list anchors; /* all of these */
    struct cert_list known;   /* this store's authorities, for sentences */
    struct cert_list issuers; /* of --issuers */
    struct detected crl_files[VERIFY_FILES_MAX];
    size_t crl_file_count;
    const struct crl *crls[VERIFY_FILES_MAX];
    size_t crl_count;
    struct crl *own_lists[VERIFY_OWN_LISTS_MAX]; /* of this store's CA */
    size_t own_list_count;
    struct crl *fetched_lists[VERIFY_FETCHED_MAX];
    size_t fetched_list_count;
    struct buf fetched_ocsp;
    char trust[320]; /* what is trusted, for people */
    char file_name[320];
    struct panel_store stores[VERIFY_STORES];
    size_t store_count;
};
void verify_material_clear(struct verify_material *material);

/* The certificates of a file. Fails sys.file.*, ops.verify.target when there are none. */
bool verify_read_certificates(const char *path, int64_t at_ms, struct cert_list *out, struct err *e)
    PL_MUST_USE;

/*
 * ops may be NULL. The material points into itself: it must not be copied or moved.
 * Fails sys.file.*, ops.verify.target, ops.verify.no_list, base.limit, store.*
 */
bool verify_gather_material(struct ops *ops, const struct verify_wish *wish,
                            struct verify_material *out, struct err *e) PL_MUST_USE;

/*
 * Fetches what the verdict so far is in want of: the issuer that was not presented (then true in
 * *out_is_more: verify again), an OCSP response, or else a revocation list. What could not be
 * fetched is said in notes. Fails base.oom, base.limit.
 */
bool verify_fetch(const struct verify_input *input, const struct verdict *verdict,
                  int64_t timeout_ms, struct verify_material *material, struct list *notes,
                  bool *out_is_more, struct err *e) PL_MUST_USE;

/*
 * What public logs promised, in v, checked against the list of logs that the wish names.
 * Fails sys.file.*, codec.json.*, pki.ct_logs.malformed, base.*
 */
bool verify_timestamps(struct ops *ops, const struct verify_wish *wish,
                       const struct verify_input *input, struct verification *v, struct err *e)
    PL_MUST_USE;

/* What the wish's server presents to who asks for that name. Fails ops.verify.target, and as
 * ops_processes' look. */
bool verify_look(const struct verify_wish *wish, const char *name, struct tls_look *out,
                 struct err *e) PL_MUST_USE;

/*
 * The panel about DANE, in v. Where the host is an alias, the server is looked at again.
 * Fails ops.verify.dane_name, sys.dns.*, sys.file.*, base.*, and as verify_look()
 */
bool verify_dane(const struct verify_wish *wish, const struct verify_input *input,
                 struct verification *v, struct err *e) PL_MUST_USE;

/*
 * Whether browsers trust this root as well: among the system's, and not put there by this machine's
 * administrator (/usr/local/share/ca-certificates). Fails base.oom, sys.file.read.
 */
bool verify_is_public_root(const struct verify_material *material, const struct cert *root,
                           bool *out_is_public, struct err *e) PL_MUST_USE;

#endif
