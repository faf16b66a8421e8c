/*
 * DANE: what a domain's owner says in the DNS about its server's certificates (TLSA records), held
 * against what a server presents; and the records that belong to a certificate. Pure functions:
 * whether DNSSEC proved the records is for whoever looked them up (sys/dns.h).
 *
 * Limits: DANE_…_MAX.
 * Not done: a bare key of usage 2 (selector 1, matching type 0) whose CA is not presented.
 * Source: RFC 6698 §2, RFC 7671 §5, RFC 7218 (names of the numbers)
 */
#ifndef PL_PKI_DANE_H
#define PL_PKI_DANE_H

#include "pki/verify.h"

enum { DANE_RECORDS_MAX = 32, DANE_RDATA_MAX = 16 * 1024, DANE_DIGEST_MAX = 64 };

enum dane_usage { DANE_PKIX_TA, DANE_PKIX_EE, DANE_TA, DANE_EE };
enum dane_selector { DANE_CERT, DANE_SPKI };
enum dane_matching { DANE_FULL, DANE_SHA256, DANE_SHA512 };

struct dane_record {
    uint8_t usage; /* any number: what nobody knows is told, and not used */
    uint8_t selector;
    uint8_t matching;
    const uint8_t *data; /* borrowed */
    size_t len;
};

/* The content of a TLSA record. False when it is too short or too long to be one. */
bool dane_record_read(const uint8_t *rdata, size_t len, struct dane_record *out_record);
/* Whether its numbers and its length are ones that have a meaning. */
bool dane_record_is_usable(const struct dane_record *record);

/* Appends what a record's data would be for this certificate. Fails pki.der.encode, base.* */
bool dane_data(const struct cert *cert, enum dane_selector selector, enum dane_matching matching,
               struct buf *out, struct err *e) PL_MUST_USE;

enum dane_fit {
    DANE_FITS,     /* it is about what the server presents, and all that it demands is so */
    DANE_FITS_NOT, /* it is about something else, or its demands are not met */
    DANE_UNUSABLE,
};

struct dane_word {
    enum dane_fit fit;
    char sentence[ERR_TEXT_MAX]; /* lower case, no full stop; may hold bytes from certificates */
};

/*
 * One record, held against what was presented.
 * input    what was verified: leaf, presented, host, date
 * verdict  what came of it with the trusted roots: usages 0 and 1 demand that it passes
 * Fails    base.oom, pki.der.encode
 */
bool dane_check(const struct dane_record *record, const struct verify_input *input,
                const struct verdict *verdict, struct dane_word *out_word, struct err *e)
    PL_MUST_USE;

/* "DANE-EE", …; "unknown" */
const char *dane_usage_name(uint8_t usage);

#endif
