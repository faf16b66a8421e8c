/* The DNS records that let clients check a certificate without asking a CA (DANE). */
#ifndef PL_OPS_TLSA_H
#define PL_OPS_TLSA_H

#include "ops/ops.h"
#include "pki/dane.h"
#include "sys/dns.h"

enum { TLSA_RECORDS_MAX = 200, TLSA_DIGITS_SIZE = 2 * 32 + 1 };

/* SHA-256 of a key: selector 1, matching type 1. */
struct tlsa_record {
    char name[DNS_NAME_SIZE]; /* "_443._tcp.www.example.com" */
    enum dane_usage usage;
    char digits[TLSA_DIGITS_SIZE];
};

struct tlsa_records {
    struct tlsa_record *items; /* caller frees with tlsa_records_clear() */
    size_t count;
};
void tlsa_records_clear(struct tlsa_records *records); /* works on a zeroed struct */

/* "_443._tcp.www.example.com". Fails ops.verify.dane_name, pki.name.invalid */
bool ops_tlsa_name(const char *host, uint16_t port, char out[DNS_NAME_SIZE], struct err *e)
    PL_MUST_USE;

/*
 * For the certificate that text means (one of this store's, or a file; ops may be NULL): 3 1 1 of
 * its key, and 2 1 1 of its issuer's where that is at hand.
 * host  NULL: every name of the certificate that is no wildcard
 * Fails ops.cert.missing, ops.verify.target, ops.verify.dane_name, sys.file.*, base.*
 */
bool ops_tlsa(struct ops *ops, const char *text, const char *host, uint16_t port,
              struct tlsa_records *out, struct err *e) PL_MUST_USE;

#endif
