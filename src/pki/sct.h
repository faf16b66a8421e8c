/*
 * Signed certificate timestamps: promises of public logs that a certificate is in them. Read, not
 * verified: that needs the logs' keys, which are not here.
 * Source: RFC 6962 §3.3
 */
#ifndef PL_PKI_SCT_H
#define PL_PKI_SCT_H

#include "pki/cert.h"

enum { SCT_MAX = 32 };

struct sct {
    uint8_t log_id[32]; /* SHA-256 of the log's public key */
    int64_t at_ms;      /* when the log promised */
};

struct sct_list {
    struct sct items[SCT_MAX];
    size_t count;
    size_t unknown_count; /* of other versions than 1, or beyond SCT_MAX */
};

/*
 * Appends a SignedCertificateTimestampList as it is in a TLS extension and inside the certificate's
 * own. False when the bytes are not one; what came before the fault has been taken.
 */
bool sct_list_read(struct sct_list *list, const uint8_t *bytes, size_t len);

/* Appends those in the certificate; false when its extension is malformed. */
bool sct_list_read_cert(struct sct_list *list, const struct cert *cert);

/* How many different logs. */
size_t sct_list_count_logs(const struct sct_list *list);

#endif
