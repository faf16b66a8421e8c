/* TLSA records. Pure functions. */
#include "pki/dane.h"

#include "pki/openssl.h"

#include <stdio.h>
#include <string.h>

enum { RECORD_NUMBERS = 3 };

const char *dane_usage_name(uint8_t usage) {
    static const char *const names[] = {"PKIX-TA", "PKIX-EE", "DANE-TA", "DANE-EE"};
    return usage < PL_ARRAY_LEN(names) ? names[usage] : "unknown";
}

/* --- records -------------------------------------------------------------------------------------
 */

bool dane_record_read(const uint8_t *rdata, size_t len, struct dane_record *out_record) {
    if (len <= RECORD_NUMBERS || len > DANE_RDATA_MAX) {
        return false;
    }
    *out_record = (struct dane_record){.usage = rdata[0],
                                       .selector = rdata[1],
                                       .matching = rdata[2],
                                       .data = rdata + RECORD_NUMBERS,
                                       .len = len - RECORD_NUMBERS};
    return true;
}

bool dane_record_is_usable(const struct dane_record *record) {
    bool is_known = record->usage <= DANE_EE && record->selector <= DANE_SPKI;
    switch (record->matching) {
    case DANE_FULL:
        return is_known && record->len > 0;
    case DANE_SHA256:
        return is_known && record->len == 32;
    case DANE_SHA512:
        return is_known && record->len == 64;
    }
    return false;
}

/* --- a certificate's side ------------------------------------------------------------------------
 */

static bool append_selected(const struct cert *cert, enum dane_selector selector, struct buf *out,
                            struct err *e) {
    return selector == DANE_CERT ? buf_append(out, cert->der, cert->der_len, e)
                                 : openssl_append_der(out, (i2d_of_void *)i2d_X509_PUBKEY,
                                                      X509_get_X509_PUBKEY(cert->x509), e);
}

bool dane_data(const struct cert *cert, enum dane_selector selector, enum dane_matching matching,
               struct buf *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf selected = {.max = CERT_DER_MAX};
    uint8_t digest[DANE_DIGEST_MAX];
    unsigned len = 0;
    if (!append_selected(cert, selector, &selected, e)) {
        return false;
    }
    if (matching == DANE_FULL) {
        return buf_append(out, selected.data, selected.len, e);
    }
    const EVP_MD *hash = matching == DANE_SHA256 ? EVP_sha256() : EVP_sha512();
    if (EVP_Digest(selected.data, selected.len, digest, &len, hash, NULL) != 1) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot compute a digest");
    }
    return buf_append(out, digest, len, e);
}

static bool is_about(const struct dane_record *record, const struct cert *cert, bool *out_is_about,
                     struct err *e) {
    PL_AUTO(buf_clear) struct buf data = {.max = CERT_DER_MAX};
    if (!dane_data(cert, (enum dane_selector)record->selector, (enum dane_matching)record->matching,
                   &data, e)) {
        return false;
    }
    *out_is_about = data.len == record->len && memcmp(data.data, record->data, data.len) == 0;
    return true;
}

/* --- holding them against each other -------------------------------------------------------------
 */

static bool say(struct dane_word *word, enum dane_fit fit, const char *sentence) {
    word->fit = fit;
    (void)snprintf(word->sentence, sizeof(word->sentence), "%s", sentence);
    return true;
}

/* The first of the list that the record is about, but not the server's own; NULL: none. */
static bool find(const struct dane_record *record, const struct cert_list *certs,
                 const struct cert *leaf, struct cert **out_cert, struct err *e) {
    *out_cert = NULL;
    for (size_t i = 0; certs != NULL && i < certs->count; i++) {
        bool is_found = false;
        if (!is_about(record, certs->items[i], &is_found, e)) {
            return false;
        }
        if (is_found && !cert_equal(certs->items[i], leaf)) {
            *out_cert = certs->items[i];
            return true;
        }
    }
    return true;
}

static bool check_own(const struct dane_record *record, const struct verify_input *input,
                      const struct verdict *verdict, struct dane_word *word, struct err *e) {
    bool is_found = false;
    if (!is_about(record, input->leaf, &is_found, e)) {
        return false;
    }
    if (!is_found) {
        return say(word, DANE_FITS_NOT,
                   record->selector == DANE_SPKI ? "it is about another key than the server's"
                                                 : "it is about another certificate");
    }
    if (record->usage == DANE_PKIX_EE && verdict->overall == VERIFY_FAIL) {
        return say(word, DANE_FITS_NOT,
                   "it is about this certificate, but demands that a trusted CA vouches for it "
                   "as well, which fails above");
    }
    return say(word, DANE_FITS,
               record->usage == DANE_EE
                   ? "it is about this server: neither issuer nor dates nor name matter beside it"
                   : "it is about this server, and a trusted CA vouches for it as well");
}

/* Usage 0: a CA of the path to a trusted root. */
static bool check_pkix_ca(const struct dane_record *record, const struct verify_input *input,
                          const struct verdict *verdict, struct dane_word *word, struct err *e) {
    struct cert *ca = NULL;
    if (!find(record, &verdict->chain, input->leaf, &ca, e)) {
        return false;
    }
    if (ca == NULL) {
        return say(word, DANE_FITS_NOT, "it is about no CA of the certificate's path");
    }
    return verdict->overall == VERIFY_FAIL
               ? say(word, DANE_FITS_NOT,
                     "it is about a CA of the path, but demands that the path is trusted as well, "
                     "which fails above")
               : say(word, DANE_FITS, "it is about a CA of the trusted path");
}

/*
 * The whole certificate of a CA in a record: the server need not present it. Bytes that are none
 * are about nothing.
 */
static bool read_own_ca(const struct dane_record *record, struct cert **out_cert, struct err *e) {
    struct err problem = {0};
    if (record->selector != DANE_CERT || record->matching != DANE_FULL ||
        cert_from_der(record->data, record->len, out_cert, &problem)) {
        return true;
    }
    return problem.code != ERR_BASE_OOM || err_set(e, ERR_BASE_OOM, "out of memory");
}

/* Usage 2: the CA that it is about becomes the one that is trusted; names and dates count. */
static bool check_own_ca(const struct dane_record *record, const struct verify_input *input,
                         struct dane_word *word, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list anchors = {0};
    PL_AUTO(verdict_clear) struct verdict verdict = {0};
    PL_AUTO(cert_freep) struct cert *own = NULL;
    struct cert *ca = NULL;
    if (!find(record, input->presented, input->leaf, &ca, e) ||
        (ca == NULL && !read_own_ca(record, &own, e))) {
        return false;
    }
    const char *whose = ca != NULL ? "that the server presents" : "that stands in the record";
    ca = ca != NULL ? ca : own;
    if (ca == NULL || cert_equal(ca, input->leaf)) {
        return say(word, DANE_FITS_NOT, "it is about no CA that the server presents");
    }
    struct verify_input again = *input;
    again.anchors = &anchors;
    if (!cert_list_add(&anchors, ca, e) || !verify_certificate(&again, &verdict, e)) {
        return false;
    }
    if (verdict.overall != VERIFY_FAIL) {
        word->fit = DANE_FITS;
        (void)snprintf(word->sentence, sizeof(word->sentence),
                       "it is about the CA %s, and this CA vouches for the server", whose);
        return true;
    }
    const char *why = verdict.faults.count > 0 ? verdict.faults.items[0].sentence : "";
    word->fit = DANE_FITS_NOT;
    (void)snprintf(word->sentence, sizeof(word->sentence),
                   "it is about a CA %s, which does not help: %.400s", whose, why);
    return true;
}

bool dane_check(const struct dane_record *record, const struct verify_input *input,
                const struct verdict *verdict, struct dane_word *out_word, struct err *e) {
    if (!dane_record_is_usable(record)) {
        return say(out_word, DANE_UNUSABLE,
                   "its numbers have no meaning, or its length is not that of its hash");
    }
    switch ((enum dane_usage)record->usage) {
    case DANE_PKIX_TA:
        return check_pkix_ca(record, input, verdict, out_word, e);
    case DANE_TA:
        return check_own_ca(record, input, out_word, e);
    case DANE_PKIX_EE:
    case DANE_EE:
        return check_own(record, input, verdict, out_word, e);
    }
    return say(out_word, DANE_UNUSABLE, "its usage has no meaning");
}
