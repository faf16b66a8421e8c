/*
 * Signed certificate timestamps: promises of public logs that a certificate is in them. Read here;
 * pki/ct.h says what they are worth.
 * Source: RFC 6962 §3.2, §3.3
 */
#ifndef PL_PKI_SCT_H
#define PL_PKI_SCT_H

#include "pki/cert.h"

enum { SCT_MAX = 32 };

struct sct {
    uint8_t log_id[32];        /* SHA-256 of the log's public key */
    int64_t at_ms;             /* when the log promised */
    const uint8_t *extensions; /* borrowed from the bytes that were read */
    size_t extensions_len;
    uint8_t hash;             /* RFC 5246 §7.4.1.4.1: 4 is SHA-256 */
    uint8_t algorithm;        /* 1 RSA, 3 ECDSA */
    const uint8_t *signature; /* borrowed too */
    size_t signature_len;
};

struct sct_list {
    struct sct items[SCT_MAX];
    size_t count;
    size_t unknown_count; /* of other versions than 1, or beyond SCT_MAX */
};

/*
 * Appends a SignedCertificateTimestampList as it is in a TLS extension and inside the certificate's
 * own. The list borrows the bytes. False when they are not one; what came before the fault has been
 * taken.
 */
bool sct_list_read(struct sct_list *list, const uint8_t *bytes, size_t len);

/* Appends those in the certificate, borrowed from it; false when its extension is malformed. */
bool sct_list_read_cert(struct sct_list *list, const struct cert *cert);

/* How many different logs. */
size_t sct_list_count_logs(const struct sct_list *list);

#endif
