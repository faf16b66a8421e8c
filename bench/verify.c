/*
 * How many chains a second one core verifies: leaf, issuing authority and root, each leaf another
 * one and read from its bytes each time, the authorities kept, as they are when many servers are
 * looked at. Beside it, OpenSSL's X509_verify_cert alone on the same chains, with a store that is
 * made once.
 *
 *     bench/verify P-256|RSA-2048 [LEAVES [SECONDS]]    one JSON object on standard output
 */
#include "base/clock.h"
#include "pki/openssl.h"
#include "pki/verify.h"

#include <openssl/x509_vfy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEAVES_DEFAULT = 2000, LEAVES_MAX = 100000, SECONDS_DEFAULT = 3 };

struct made {
    X509 *x509;
    EVP_PKEY *key;
};

static void must(bool is_fine, const char *what) {
    if (!is_fine) {
        (void)fprintf(stderr, "bench/verify: %s\n", what);
        exit(1);
    }
}

static void add(X509 *x509, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
    must(extension != NULL && X509_add_ext(x509, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static EVP_PKEY *make_key(bool is_rsa) {
    return is_rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                  : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

static struct made make(const char *name, const struct made *issuer, bool is_ca, EVP_PKEY *key,
                        long serial) {
    struct made made = {.x509 = X509_new(), .key = key};
    X509 *above = issuer == NULL ? made.x509 : issuer->x509;
    must(made.x509 != NULL && made.key != NULL, name);
    (void)X509_set_version(made.x509, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(made.x509), serial);
    (void)X509_gmtime_adj(X509_getm_notBefore(made.x509), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(made.x509), 30L * 86400);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(made.x509), "CN", MBSTRING_UTF8,
                                     (const uint8_t *)name, -1, -1, 0);
    (void)X509_set_issuer_name(made.x509, X509_get_subject_name(above));
    (void)X509_set_pubkey(made.x509, made.key);
    add(made.x509, above, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add(made.x509, above, NID_key_usage,
        is_ca ? "critical,keyCertSign" : "critical,digitalSignature");
    if (!is_ca) {
        add(made.x509, above, NID_ext_key_usage, "serverAuth");
        add(made.x509, above, NID_subject_alt_name, "DNS:www.example.com");
    }
    must(X509_sign(made.x509, issuer == NULL ? made.key : issuer->key, EVP_sha256()) > 0, name);
    return made;
}

static double cpu_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct bench {
    struct buf *leaves; /* DER */
    size_t leaf_count;
    struct cert_list issuers;
    struct cert_list anchors;
    X509_STORE *store;
    STACK_OF(X509) * untrusted;
};

static void ours(const struct bench *bench, size_t i) {
    PL_AUTO(cert_freep) struct cert *leaf = NULL;
    struct verdict verdict = {0};
    must(cert_from_der(bench->leaves[i].data, bench->leaves[i].len, &leaf, NULL), "a leaf");
    struct verify_input input = {.leaf = leaf,
                                 .presented = &bench->issuers,
                                 .anchors = &bench->anchors,
                                 .host = "www.example.com",
                                 .at_ms = clock_now_ms()};
    must(verify_certificate(&input, &verdict, NULL) && verdict.overall == VERIFY_PASS, "a verdict");
    verdict_clear(&verdict);
}

static void openssls(const struct bench *bench, size_t i) {
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    const uint8_t *at = bench->leaves[i].data;
    PL_AUTO(x509_freep) X509 *leaf = d2i_X509(NULL, &at, (long)bench->leaves[i].len);
    must(leaf != NULL && X509_STORE_CTX_init(context, bench->store, leaf, bench->untrusted) == 1 &&
             X509_STORE_CTX_set_default(context, "ssl_server") == 1 &&
             X509_verify_cert(context) == 1,
         "OpenSSL's verdict");
    X509_STORE_CTX_free(context);
}

/* Chains for each second of processor time. */
static double rate(const struct bench *bench, void (*verify)(const struct bench *, size_t),
                   double seconds) {
    double begun = cpu_seconds();
    size_t count = 0;
    double passed = 0;
    while (passed < seconds) {
        verify(bench, count % bench->leaf_count);
        count++;
        passed = cpu_seconds() - begun;
    }
    return (double)count / passed;
}

static void add_cert(struct cert_list *list, X509 *x509) {
    struct cert *cert = NULL;
    must(cert_from_x509(x509, &cert, NULL) && cert_list_add(list, cert, NULL), "a certificate");
    cert_free(cert);
}

int main(int argc, char **argv) {
    bool is_rsa = argc > 1 && strcmp(argv[1], "RSA-2048") == 0;
    long leaves = argc > 2 ? strtol(argv[2], NULL, 10) : LEAVES_DEFAULT;
    long seconds = argc > 3 ? strtol(argv[3], NULL, 10) : SECONDS_DEFAULT;
    must((is_rsa || (argc > 1 && strcmp(argv[1], "P-256") == 0)) && leaves > 0 &&
             leaves <= LEAVES_MAX && seconds > 0,
         "bench/verify P-256|RSA-2048 [LEAVES [SECONDS]]");
    struct bench bench = {.store = X509_STORE_new(), .untrusted = sk_X509_new_null()};
    struct made root = make("Root", NULL, true, make_key(is_rsa), 1);
    struct made issuing = make("Issuing", &root, true, make_key(is_rsa), 2);
    EVP_PKEY *key = make_key(false);
    add_cert(&bench.anchors, root.x509);
    add_cert(&bench.issuers, issuing.x509);
    (void)X509_STORE_add_cert(bench.store, root.x509);
    (void)sk_X509_push(bench.untrusted, issuing.x509);
    bench.leaves = calloc((size_t)leaves, sizeof(bench.leaves[0]));
    must(bench.leaves != NULL, "memory");
    bench.leaf_count = (size_t)leaves;
    for (long i = 0; i < leaves; i++) {
        bench.leaves[i].max = CERT_DER_MAX;
        struct made leaf = make("www.example.com", &issuing, false, key, 10 + i);
        must(openssl_append_der(&bench.leaves[i], (i2d_of_void *)i2d_X509, leaf.x509, NULL), "DER");
        X509_free(leaf.x509);
    }
    double own = rate(&bench, ours, (double)seconds);
    double peer = rate(&bench, openssls, (double)seconds);
    (void)printf("{\"leaves\": %ld, \"padlock\": %.0f, \"openssl\": %.0f}\n", leaves, own, peer);
    for (size_t i = 0; i < bench.leaf_count; i++) {
        buf_clear(&bench.leaves[i]);
    }
    free(bench.leaves);
    cert_list_clear(&bench.issuers);
    cert_list_clear(&bench.anchors);
    X509_STORE_free(bench.store);
    sk_X509_free(bench.untrusted);
    X509_free(root.x509);
    X509_free(issuing.x509);
    EVP_PKEY_free(root.key);
    EVP_PKEY_free(issuing.key);
    EVP_PKEY_free(key);
    return 0;
}
