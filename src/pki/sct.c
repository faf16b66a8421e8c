/* Lists of timestamps, read strictly. Limits: SCT_MAX. */
#include "pki/sct.h"

#include "codec/der.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <string.h>

/* Bytes that are left of a TLS structure. */
struct tls_bytes {
    const uint8_t *at;
    size_t left;
};

static bool take(struct tls_bytes *from, size_t len, const uint8_t **out) {
    if (from->left < len) {
        return false;
    }
    *out = from->at;
    from->at += len;
    from->left -= len;
    return true;
}

/* What two bytes of length announce. */
static bool take_vector(struct tls_bytes *from, struct tls_bytes *out) {
    const uint8_t *length = NULL;
    if (!take(from, 2, &length)) {
        return false;
    }
    out->left = (size_t)length[0] << 8 | length[1];
    return take(from, out->left, &out->at);
}

/* version, log, time, extensions, signature algorithm, signature: and nothing more */
static bool read_one(struct sct_list *list, struct tls_bytes sct) {
    const uint8_t *version = NULL;
    const uint8_t *log = NULL;
    const uint8_t *time = NULL;
    const uint8_t *algorithm = NULL;
    struct tls_bytes extensions;
    struct tls_bytes signature;
    if (!take(&sct, 1, &version)) {
        return false;
    }
    if (version[0] != 0 || list->count >= SCT_MAX) {
        list->unknown_count++;
        return true;
    }
    if (!take(&sct, sizeof(list->items[0].log_id), &log) || !take(&sct, 8, &time) ||
        !take_vector(&sct, &extensions) || !take(&sct, 2, &algorithm) ||
        !take_vector(&sct, &signature) || sct.left != 0) {
        return false;
    }
    struct sct *out = &list->items[list->count];
    uint64_t at_ms = 0;
    for (size_t i = 0; i < 8; i++) {
        at_ms = at_ms << 8 | time[i];
    }
    if (at_ms > INT64_MAX) {
        return false;
    }
    memcpy(out->log_id, log, sizeof(out->log_id));
    out->at_ms = (int64_t)at_ms;
    out->extensions = extensions.at;
    out->extensions_len = extensions.left;
    out->hash = algorithm[0];
    out->algorithm = algorithm[1];
    out->signature = signature.at;
    out->signature_len = signature.left;
    list->count++;
    return true;
}

bool sct_list_read(struct sct_list *list, const uint8_t *bytes, size_t len) {
    struct tls_bytes whole = {.at = bytes, .left = len};
    struct tls_bytes all;
    if (!take_vector(&whole, &all) || whole.left != 0) {
        return false;
    }
    while (all.left > 0) {
        struct tls_bytes one;
        if (!take_vector(&all, &one) || !read_one(list, one)) {
            return false;
        }
    }
    return true;
}

bool sct_list_read_cert(struct sct_list *list, const struct cert *cert) {
    int at = X509_get_ext_by_NID(cert->x509, NID_ct_precert_scts, -1);
    if (at < 0) {
        return true;
    }
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(cert->x509, at));
    struct der_reader reader =
        der_reader_init(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    struct der_value inner;
    return der_reader_take(&reader, DER_OCTET_STRING, &inner) && der_reader_is_at_end(&reader) &&
           sct_list_read(list, inner.bytes, inner.len);
}

size_t sct_list_count_logs(const struct sct_list *list) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        size_t before = 0;
        while (before < i && memcmp(list->items[before].log_id, list->items[i].log_id,
                                    sizeof(list->items[i].log_id)) != 0) {
            before++;
        }
        count += before == i ? 1 : 0;
    }
    return count;
}
