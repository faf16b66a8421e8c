/*
 * Certificates for tests, made on the spot: a root, an issuing CA, leaves with any fault wanted.
 * A failure inside fails the test. Link with make_cert_lib (tests/unit/pki/meson.build).
 *
 *     struct made root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
 *     struct made leaf = make_cert((struct make_cert){.issuer = &root, .sans =
 * "DNS:www.example.com"}); … made_clear(&leaf);
 */
#ifndef PL_TESTS_PKI_MAKE_CERT_H
#define PL_TESTS_PKI_MAKE_CERT_H

#include "pki/cert.h"

#include <openssl/x509.h>

/* The day that tests stand at, and the validity of what does not say otherwise. */
#define MAKE_CERT_NOW_MS INT64_C(1795392000000)        /* 2026-11-23T00:00:00Z */
#define MAKE_CERT_NOT_BEFORE_MS INT64_C(1793491200000) /* 2026-11-01 */
#define MAKE_CERT_NOT_AFTER_MS INT64_C(1801267199000)  /* 2027-01-29T23:59:59Z */

struct made {
    X509 *x509;
    EVP_PKEY *key;     /* the pair */
    struct cert *cert; /* x509, read */
};

/* Everything left out has a sound default. */
struct make_cert {
    const char *name; /* common name; NULL: an empty subject */
    const char *organisation;
    const struct made *issuer; /* NULL: self-signed */
    const struct made *key_of; /* same key as that one; NULL: a new P-256 pair */
    const char
        *key_type;    /* "P-256" (default), "P-384", "P-521", "RSA-1024", "RSA-2048", "ED25519" */
    const char *sans; /* "DNS:www.example.com,IP:127.0.0.1" as OpenSSL writes it */
    int64_t not_before_ms;
    int64_t not_after_ms;
    bool is_ca;
    bool is_v1;                     /* X.509 v1: no extensions at all */
    int path_length;                /* of a CA: 0 is none said, n is n - 1 */
    const char *key_usage;          /* default by is_ca; "" leaves it out */
    const char *extended_key_usage; /* default "serverAuth" for leaves; "" leaves it out */
    const char *name_constraints;   /* "critical,permitted;DNS:example.com" */
    const char *basic_constraints; /* instead of what is_ca and path_length say; "" leaves it out */
    const char *crl_address;       /* "URI:http://…" */
    const char *access;            /* "OCSP;URI:http://…,caIssuers;URI:http://…" */
    const char *policies;          /* "2.23.140.1.2.1" */
    const char *tls_feature;       /* "status_request" */
    const char *digest;            /* "SHA256" (default), "SHA1", "MD5", … */
    const char *key_id;        /* subject key identifier in hexadecimal; default: the key's SHA-1 */
    bool has_no_key_ids;       /* neither subject nor authority key identifier */
    bool has_broken_signature; /* the last byte of the signature is flipped */
    const char *serial;        /* hexadecimal; default: random */
    const char *unknown_critical; /* dotted OID of a critical extension nobody knows */
};

struct made make_cert(struct make_cert wish);
void made_clear(struct made *made);

/* One revoked serial of a list. */
struct make_revoked {
    const struct made *cert;
    int reason; /* RFC 5280 §5.3.1; -1: none said */
    int64_t at_ms;
    bool has_unknown_critical; /* an extension of the entry that nobody knows */
};

struct make_crl {
    const struct made *issuer;
    int64_t this_ms; /* default: the day before MAKE_CERT_NOW_MS */
    int64_t next_ms; /* default: the day after; -1: none said */
    const struct make_revoked *revoked;
    size_t revoked_count;
    const char *distribution_point; /* "critical,onlyuser:TRUE,fullname:URI:http://…" */
    bool is_delta;
};

/* A CRL (v2, number 7); caller frees with X509_CRL_free. */
X509_CRL *make_crl(struct make_crl wish);

#endif
