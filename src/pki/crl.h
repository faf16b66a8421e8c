/*
 * Certificate revocation lists, read. (They are written by ca/.)
 * Source: RFC 5280 §5, §6.3.
 */
#ifndef PL_PKI_CRL_H
#define PL_PKI_CRL_H

#include "pki/cert.h"

enum {
    CRL_DER_MAX = 32 * 1024 * 1024,
    CRL_NUMBER_TEXT = 2 * 20 + 1,
};

struct crl {
    X509_CRL *x509_crl;
    uint8_t sha256[32]; /* of the DER */
    char *issuer_text;  /* RFC 4514 */
    int64_t this_update_ms;
    bool has_next_update;
    int64_t next_update_ms; /* 0 when it has none */
    char
        number[CRL_NUMBER_TEXT]; /* hexadecimal, lower case; "" when it has none; longer ones cut */
    size_t entry_count;
    struct cert_key_id authority_key_id;
    char signature_algorithm[48]; /* as in struct cert */
    bool is_delta;                /* says only what changed since another list */
    bool has_unknown_critical;    /* a critical extension of the list that is not read here */
};

/*
 * Read one DER CRL.
 *
 * der      borrowed for the call; 1..CRL_DER_MAX bytes
 * out_crl  caller owns, crl_free()
 * Fails    pki.crl.malformed, pki.crl.trailing, base.limit, base.oom
 * Not done no signature or date check: crl_is_signed_by(), the dates are in the struct
 */
bool crl_from_der(const uint8_t *der, size_t der_len, struct crl **out_crl, struct err *e)
    PL_MUST_USE;
void crl_free(struct crl *crl);
PL_DEFINE_FREEP(crl_freep, struct crl, crl_free)

/* True when issuer's key verifies the signature, the names agree and issuer's key usage allows it.
 */
bool crl_is_signed_by(const struct crl *crl, const struct cert *issuer);

/*
 * True when the list is about certificates like this one: same issuer, no delta, and its issuing
 * distribution point, if it has one, is among the certificate's and includes its kind (CA or not).
 * False for indirect lists and for lists by reason, which are not understood here.
 */
bool crl_covers_cert(const struct crl *crl, const struct cert *cert);

/* One entry. */
struct crl_entry {
    int64_t revoked_ms;
    int reason; /* RFC 5280 §5.3.1: 0…10, or CRL_REASON_NONE (-1) when none is said */
};

/* True when the certificate's serial is listed (and not as "removed from the list"). */
bool crl_has_cert(const struct crl *crl, const struct cert *cert, struct crl_entry *out_entry);
/* The same for a serial in hexadecimal; false also when serial is no hexadecimal number. */
bool crl_has_serial(const struct crl *crl, const char *serial, struct crl_entry *out_entry);

/* "key compromise", "superseded"; "no reason given" for CRL_REASON_NONE and unknown numbers. */
const char *crl_reason_text(int reason);

#endif
