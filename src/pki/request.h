/*
 * Certificate requests (PKCS #10 CSRs): made of names, read from whatever users send.
 * Source: RFC 2986, RFC 2985 §5.4.2 (extension request), RFC 7468 (PEM labels).
 */
#ifndef PL_PKI_REQUEST_H
#define PL_PKI_REQUEST_H

#include "base/buf.h"
#include "base/list.h"
#include "pki/key.h"
#include "pki/name.h"

enum { CSR_INPUT_MAX = 1024 * 1024, CSR_DER_MAX = 64 * 1024 };

/* What a request asks for: all that keys needs besides the key to build and sign one. */
struct request_names {
    struct dn subject;
    struct san_list sans;
};

void request_names_clear(struct request_names *names);

/*
 * Checks of the article's six fields as they are typed; each appends a warning for people to
 * warnings or fails with the field's own code.
 *
 * country must be an ISO 3166-1 alpha-2 code (lower case is made upper case); texts are ≤ 64 bytes
 * (X.520 upper bounds; e-mail 255), not blank, without control characters; the common name must be
 * a host name or address; city and state that look swapped ("Texas" as city, "Houston" as state, by
 * ISO 3166-2 names) are refused. Copies the common name into sans when it is not there, first.
 *
 * Fails pki.name.* , request.country, request.field.too_long, request.field.invalid,
 * request.field.swapped
 */
bool request_names_check(struct request_names *names, struct list *warnings, struct err *e)
    PL_MUST_USE;

/*
 * A CSR signed by key, SHA-256 (P-384: SHA-384, P-521: SHA-512, Ed25519: none). Only keys/ calls
 * it.
 */
bool request_build(const struct request_names *names, EVP_PKEY *key, struct buf *out_der,
                   struct err *e) PL_MUST_USE;

struct csr {
    X509_REQ *req;
    uint8_t *der; /* the exact bytes received */
    size_t der_len;
    struct dn subject;
    struct san_list sans;
    EVP_PKEY *key; /* public */
    struct key_spec key_spec;
    uint8_t spki_sha256[KEY_SPKI_SHA256_LEN];
    bool asks_for_ca;    /* basicConstraints CA:TRUE in the extension request */
    struct list notices; /* what was normalised or left aside, for people */
};

void csr_free(struct csr *csr);
PL_DEFINE_FREEP(csr_freep, struct csr, csr_free)

/*
 * Read one CSR from a file's bytes: PEM with "CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST",
 * DER, base64 without armour; CRLF, UTF-8 BOM, UTF-16, text around the armour are put up with.
 *
 * bytes     borrowed; 1..CSR_INPUT_MAX
 * out_csr   caller owns, csr_free()
 * Fails     pki.csr.not_csr (says what it is instead), pki.csr.malformed, pki.csr.several,
 * base.limit Not done  no signature or strength check: csr_check(); notices say what was put up
 * with
 */
bool csr_read(const void *bytes, size_t len, struct csr **out_csr, struct err *e) PL_MUST_USE;

/*
 * The gate's part that needs no policy: proof of possession, no MD5 or SHA-1 signature, key
 * strength. Fails pki.csr.signature, pki.csr.weak_hash, pki.key.weak.*
 */
bool csr_check(const struct csr *csr, struct err *e) PL_MUST_USE;

#endif
