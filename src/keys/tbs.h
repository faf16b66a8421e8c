/*
 * To-be-signed certificates and revocation lists, read strictly: what is refused here is not
 * signed. Private to keys/. Source: RFC 5280 §4.1, §5.1; every failure is keys.limit.malformed.
 */
#ifndef PL_KEYS_TBS_H
#define PL_KEYS_TBS_H

#include "base/err.h"
#include "codec/der.h"

enum { TBS_EXTENSIONS_MAX = 40, TBS_SERIAL_MAX = 20 };

struct tbs_extension {
    struct der_value oid;
    bool is_critical;
    struct der_value value; /* the DER inside the OCTET STRING */
};

/* No two with the same identifier. */
struct tbs_extensions {
    struct tbs_extension items[TBS_EXTENSIONS_MAX];
    size_t count;
};

/* All borrow the bytes they were read from. */
struct tbs_certificate {
    struct der_value algorithm; /* AlgorithmIdentifier */
    struct der_value issuer;
    int64_t not_before_ms;
    int64_t not_after_ms;
    struct der_value subject;
    struct der_value spki;
    struct tbs_extensions extensions;
};

struct tbs_crl {
    struct der_value algorithm;
    struct der_value issuer;
    int64_t this_update_ms;
    int64_t next_update_ms;
    struct tbs_extensions extensions;
};

/* Version 3, a positive serial of at most 20 bytes, no unique identifiers, dates in order. */
bool tbs_read_certificate(const uint8_t *bytes, size_t len, struct tbs_certificate *out_tbs,
                          struct err *e) PL_MUST_USE;
/* Version 2, with a next update after this one. */
bool tbs_read_crl(const uint8_t *bytes, size_t len, struct tbs_crl *out_tbs, struct err *e)
    PL_MUST_USE;

/* The extension 2.5.29.arc; NULL when there is none. */
const struct tbs_extension *tbs_find_extension(const struct tbs_extensions *extensions,
                                               uint8_t arc);

#endif
