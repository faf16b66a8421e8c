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
    char base_number[CRL_NUMBER_TEXT]; /* of a delta: the list that it goes on from; else "" */
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

/* Every reason of RFC 5280 §4.2.1.13, each the bit of its number there. */
enum { CRL_REASONS_ALL = 0x1FE };

/*
 * For which reasons of a revocation the list, delta or not, speaks of the certificate; 0: it is not
 * about it. It is from the certificate's issuer, or is an indirect list of whom the certificate
 * names in its place; its issuing distribution point, if it has one, is among the certificate's and
 * includes its kind (CA or not).
 * Not done: who signed it.
 */
unsigned crl_reasons_for(const struct crl *crl, const struct cert *cert);

/* True when it is about the certificate for every reason and by itself: no delta. */
bool crl_covers_cert(const struct crl *crl, const struct cert *cert);

/* True when the delta says what changed since the base, or since one before it: RFC 5280 §5.2.4. */
bool crl_is_delta_of(const struct crl *delta, const struct crl *base);
/* By their numbers: below, equal to or above 0. */
int crl_compare_numbers(const struct crl *a, const struct crl *b);

/* One entry. */
struct crl_entry {
    int64_t revoked_ms;
    int reason; /* RFC 5280 §5.3.1: 0…10, or CRL_REASON_NONE (-1) when none is said */
};

enum crl_listing {
    CRL_NOT_LISTED,
    CRL_LISTED,
    CRL_REMOVED, /* a delta says that it is no longer listed */
};
/* Of several issuers' certificates in one list, the one of the certificate's issuer. out_entry is
 * written when it is listed. */
enum crl_listing crl_find_cert(const struct crl *crl, const struct cert *cert,
                               struct crl_entry *out_entry);
/* True when it is listed. */
bool crl_has_cert(const struct crl *crl, const struct cert *cert, struct crl_entry *out_entry);
/* The same for a serial in hexadecimal; false also when serial is no hexadecimal number. */
bool crl_has_serial(const struct crl *crl, const char *serial, struct crl_entry *out_entry);

/* "key compromise", "superseded"; "no reason given" for CRL_REASON_NONE and unknown numbers. */
const char *crl_reason_text(int reason);

#endif
