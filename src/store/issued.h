/*
 * Certificates that the CA has signed or is about to: reserved first (serial and to-be-signed bytes
 * committed), signed then. A row that stays reserved after a crash is one that may have been
 * signed: it is listed, and can be revoked like a signed one. No keys here.
 *
 * The common functions: store/row.h. Text for find: id, serial in hexadecimal, or exact name.
 * Issued certificates are never deleted.
 */
#ifndef PL_STORE_ISSUED_H
#define PL_STORE_ISSUED_H

#include "store/store.h"

enum issued_state { ISSUED_RESERVED, ISSUED_SIGNED, ISSUED_REVOKED };
const char *issued_state_text(enum issued_state state); /* "reserved" … */

enum { ISSUED_SERIAL_MAX = 20 };

struct issued_row {
    STORE_ROW_HEAD;
    struct id issuer_id;
    struct id submission_id; /* zero: none (issued by other ways) */
    struct bytes serial; /* 1…20 bytes, big-endian, without leading zeros; unique for the issuer */
    enum issued_state state;
    struct bytes tbs;         /* DER TBSCertificate */
    struct bytes certificate; /* DER; empty until signed */
    const char *subject;
    struct texts names; /* one line each */
    const char *profile;
    const char *key_spec;
    uint8_t spki_sha256[32];
    int64_t not_before_ms;
    int64_t not_after_ms;
    unsigned crl_shard;
    int64_t revoked_ms;    /* 0: not revoked */
    int revocation_reason; /* CRLReason, RFC 5280 §5.3.1 */
};
struct issued_rows {
    struct issued_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void issued_row_free(struct issued_row *row);
PL_DEFINE_FREEP(issued_row_freep, struct issued_row, issued_row_free)
void issued_rows_clear(struct issued_rows *rows);

bool store_issued_get(struct store *store, const struct id *id, struct issued_row **out_row,
                      struct err *e) PL_MUST_USE;
bool store_issued_find(struct store *store, const char *text, struct issued_rows *out,
                       struct err *e) PL_MUST_USE;
bool store_issued_find_serial(struct store *store, const struct id *issuer_id,
                              const uint8_t *serial, size_t serial_len, struct issued_row **out_row,
                              struct err *e) PL_MUST_USE;

/*
 * Records what is about to be signed: state, certificate and revocation are set for the caller.
 * Fails store.constraint (serial used).
 */
bool store_issued_reserve(struct store *store, struct issued_row *row, struct err *e) PL_MUST_USE;
/*
 * Adds the signed certificate; a certificate that was revoked before it was signed stays revoked.
 * The row's fields follow; certificate is borrowed. Fails store.version (completed already, or
 * changed).
 */
bool store_issued_complete(struct store *store, struct issued_row *row, struct bytes certificate,
                           struct err *e) PL_MUST_USE;
/*
 * Fails store.version; store.state when it is revoked already, unless its reason was
 * certificateHold (6).
 */
bool store_issued_revoke(struct store *store, struct issued_row *row, int64_t revoked_ms,
                         int reason, struct err *e) PL_MUST_USE;

enum issued_sort { ISSUED_SORT_AGE, ISSUED_SORT_EXPIRY };

struct issued_filter {
    const struct id *issuer_id;
    const enum issued_state *state;
    const char *name;           /* exactly this name, lower case */
    const char *domain;         /* this name or any below it ("example.com": www.example.com too) */
    int64_t expires_before_ms;  /* 0: any; not_after_ms < this */
    int64_t expires_from_ms;    /* 0: any; not_after_ms >= this */
    const unsigned *crl_shard;  /* with issuer_id */
    const uint8_t *spki_sha256; /* 32 bytes */
};
/* Filters are joined by AND; NULL or 0 leaves one out; name and domain are not given together. */
bool store_issued_list(struct store *store, const struct issued_filter *filter,
                       enum issued_sort sort, const struct page *page, struct issued_rows *out,
                       struct err *e) PL_MUST_USE;

/* What a CRL says of one certificate. */
struct revoked {
    uint8_t serial[ISSUED_SERIAL_MAX];
    size_t serial_len;
    int64_t revoked_ms;
    int reason;
};
/*
 * Calls each for every revoked certificate of the shard that has not expired before
 * not_after_from_ms, in order of serial numbers; stops with false when each returns false.
 */
bool store_issued_each_revoked(struct store *store, const struct id *issuer_id, unsigned shard,
                               int64_t not_after_from_ms,
                               bool (*each)(void *user, const struct revoked *revoked,
                                            struct err *e),
                               void *user, struct err *e) PL_MUST_USE;

/* Whether a certificate of the shard was revoked then or later. */
bool store_issued_has_revoked(struct store *store, const struct id *issuer_id, unsigned shard,
                              int64_t from_ms, bool *out_has, struct err *e) PL_MUST_USE;

struct issued_counts {
    int64_t reserved;
    int64_t signed_count;
    int64_t revoked;
};
bool store_issued_count(struct store *store, struct issued_counts *out, struct err *e) PL_MUST_USE;

#endif
