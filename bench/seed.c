/*
 * Makes many names for the benchmarks, each with a binding of its own at one address. All of it
 * goes through the program's own use cases, in batches of one commit each.
 *
 *   seed DATA-DIR SITE https://ADDRESS:PORT COUNT PREFIX [NAMES-OF-A-CERTIFICATE]
 *
 * The names are PREFIX0.bench.test, PREFIX1.bench.test, …; store and site are there already. The
 * certificates are self-signed: what a CA costs is measured elsewhere. Each is of one name, or of
 * so many as the last argument says, one after the other. Exit: 0 all are there, 1 not.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "ops/bindings.h"
#include "ops/install.h"
#include "ops/ops.h"
#include "store/operation.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPERATIONS_PER_NAME = 2,
    NAMES_PER_BATCH = STORE_BATCH_MAX / OPERATIONS_PER_NAME,
    NOTES_MAX = 32,
    LIFETIME_SECONDS = 90 * 24 * 3600,
    NAME_SIZE = 128,
    COUNT_MAX = 2000000,
    SHARED_MAX = 50, /* names of one certificate */
    NAMES_TEXT_MAX = SHARED_MAX * (NAME_SIZE + 8),
};

struct seed {
    struct ops *ops;
    const char *site;
    const char *url;
    const char *prefix;
    uint64_t count;
    uint64_t shared;            /* names of one certificate */
    char cert[ID_TEXT_LEN + 1]; /* of the name that was added last */
};

static void name_of(const struct seed *seed, uint64_t number, char out[NAME_SIZE]) {
    (void)snprintf(out, NAME_SIZE, "%.80s%llu.bench.test", seed->prefix,
                   (unsigned long long)number);
}

/* "DNS:a,DNS:b": the names of the certificate that begins with a number. */
static bool write_names(const struct seed *seed, uint64_t first, struct buf *out, struct err *e) {
    char name[NAME_SIZE];
    for (uint64_t i = first; i < first + seed->shared; i++) {
        name_of(seed, i, name);
        if (!buf_printf(out, e, "%sDNS:%s", i == first ? "" : ",", name)) {
            return false;
        }
    }
    return buf_append(out, "", 1, e);
}

static bool set_fields(X509 *certificate, EVP_PKEY *key, uint64_t number, const char *name,
                       const char *names) {
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, NULL, NID_subject_alt_name, names);
    bool ok = extension != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number + 1) == 1 &&
              X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL &&
              X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME_SECONDS) != NULL &&
              X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                         (const unsigned char *)name, -1, -1, 0) == 1 &&
              X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
              X509_add_ext(certificate, extension, -1) == 1 &&
              X509_set_pubkey(certificate, key) == 1 &&
              X509_sign(certificate, key, EVP_sha256()) > 0;
    X509_EXTENSION_free(extension);
    return ok;
}

/* Key and certificate as PEM. */
static bool write_pem(const struct seed *seed, uint64_t number, const char *name, struct buf *out,
                      struct err *e) {
    PL_AUTO(buf_clear) struct buf names = {.max = NAMES_TEXT_MAX};
    if (!write_names(seed, number, &names, e)) {
        return false;
    }
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    bool ok = key != NULL && certificate != NULL && bio != NULL &&
              set_fields(certificate, key, number, name, (const char *)names.data) &&
              PEM_write_bio_X509(bio, certificate) &&
              PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    long len = ok ? BIO_get_mem_data(bio, &bytes) : 0;
    ok = ok ? buf_append(out, bytes, (size_t)len, e)
            : err_set(e, ERR_PKI_KEY_GENERATE, "the library made no certificate for %s", name);
    BIO_free(bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok;
}

static bool import(struct seed *seed, uint64_t number, const char *name, struct cert_row **out_row,
                   struct err *e) {
    const struct secret password = {0};
    PL_AUTO(list_clear) struct list notes;
    PL_AUTO(buf_cleanse) struct buf pem;
    list_init(&notes, NOTES_MAX);
    buf_init(&pem, 16 * 1024);
    if (!write_pem(seed, number, name, &pem, e)) {
        return false;
    }
    const struct import_wish wish = {
        .bytes = pem.data, .len = pem.len, .password = &password, .friendly_name = name};
    return ops_import(seed->ops, &wish, &notes, out_row, e);
}

static bool add_certificate(struct seed *seed, uint64_t number, const char *name, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *cert = NULL;
    if (number % seed->shared != 0) {
        return true;
    }
    if (!import(seed, number, name, &cert, e)) {
        return false;
    }
    id_format(&cert->id, seed->cert);
    return true;
}

static bool add_name(struct seed *seed, uint64_t number, struct err *e) {
    char name[NAME_SIZE];
    PL_AUTO(bind_plan_clear) struct bind_plan plan = {0};
    PL_AUTO(binding_row_freep) struct binding_row *row = NULL;
    name_of(seed, number, name);
    if (!add_certificate(seed, number, name, e)) {
        return false;
    }
    const struct bind_wish wish = {
        .site = seed->site, .url = seed->url, .host = name, .cert = seed->cert};
    return ops_bind_plan(seed->ops, &wish, &plan, e) && ops_bind_add(seed->ops, &plan, &row, e);
}

static bool add_batch(struct seed *seed, uint64_t first, struct err *e) {
    PL_AUTO(batch_rollback) struct batch batch = {0};
    if (!batch_begin(&batch, ops_store(seed->ops), e)) {
        return false;
    }
    for (uint64_t i = first; i < seed->count && i < first + NAMES_PER_BATCH; i++) {
        if (!add_name(seed, i, e)) {
            return false;
        }
    }
    return batch_commit(&batch, e);
}

static bool run(struct seed *seed, const char *data_dir, struct err *e) {
    if (!ops_open(data_dir, &seed->ops, e)) {
        return false;
    }
    bool ok = true;
    for (uint64_t first = 0; ok && first < seed->count; first += NAMES_PER_BATCH) {
        ok = add_batch(seed, first, e);
    }
    ops_close(seed->ops);
    return ok;
}

int main(int argc, char **argv) {
    enum { ARGUMENT_COUNT = 6 };
    bool is_shared = argc == ARGUMENT_COUNT + 1;
    struct err e = {0};
    struct seed seed = {.shared = 1};
    if ((argc != ARGUMENT_COUNT && !is_shared) || !str_to_u64(argv[4], COUNT_MAX, &seed.count) ||
        (is_shared && !str_to_u64(argv[ARGUMENT_COUNT], SHARED_MAX, &seed.shared)) ||
        seed.shared == 0) {
        (void)fputs("usage: seed DATA-DIR SITE https://ADDRESS:PORT COUNT PREFIX "
                    "[NAMES-OF-A-CERTIFICATE]\n",
                    stderr);
        return EXIT_FAILURE;
    }
    seed.site = argv[2];
    seed.url = argv[3];
    seed.prefix = argv[5];
    bool ok = run(&seed, argv[1], &e);
    for (unsigned i = 0; !ok && i < e.step_count; i++) {
        (void)fprintf(stderr, "seed: %s %s\n", e.step[i], i == 0 ? e.note : "");
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
