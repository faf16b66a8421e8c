/* Private to pki/detect*.c. */
#ifndef PL_PKI_DETECT_ITEMS_H
#define PL_PKI_DETECT_ITEMS_H

#include "pki/detect.h"

/*
 * Appends an empty item; block may be NULL. Borrowed until the next one is added.
 * Fails base.limit, base.oom.
 */
bool detect_add_item(struct detected *detected, enum sniff_kind kind, const struct pem_block *block,
                     struct detected_item **out_item, struct err *e) PL_MUST_USE;

/*
 * Adds what one blob of DER (or of a PEM block's content) is: one item, or a bundle and its
 * certificates. What cannot be read becomes the item's problem. Fails base.limit, base.oom.
 */
bool detect_add_blob(struct detected *detected, enum sniff_kind kind, const struct pem_block *block,
                     const uint8_t *bytes, size_t len, struct err *e) PL_MUST_USE;

/* The outside of a PKCS #12 file. */
struct detect_pfx {
    bool is_encrypted; /* some part of it */
    bool needs_password;
    char mac[48];    /* "SHA-256"; "" when it has none */
    long iterations; /* 0: not known */
};
/* False when it cannot be decoded. */
bool detect_pfx_read(const uint8_t *der, size_t der_len, struct detect_pfx *out_pfx) PL_MUST_USE;

/* Writes detected->description. Fails base.oom. */
bool detect_describe(struct detected *detected, int64_t at_ms, struct err *e) PL_MUST_USE;

#endif
