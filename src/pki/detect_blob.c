/*
 * One blob of a file, read by its kind. A reader fails for want of memory only; what else goes
 * wrong is written down as the item's problem.
 */
#include "pki/detect_items.h"

#include "base/mem.h"
#include "base/str.h"
#include "codec/der.h"
#include "pki/bundle.h"
#include "pki/openssl.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include <stdio.h>
#include <string.h>

/* A file's bytes on their way through a reader. */
struct blob {
    const struct pem_block *block; /* NULL when it was not armoured */
    const uint8_t *bytes;
    size_t len;
};

/* What a reader's failure means: no memory is one for all, the rest is about this item. */
static bool settle(struct detected_item *item, const struct err *reason, struct err *e) {
    if (reason->code == ERR_BASE_OOM) {
        return err_set(e, ERR_BASE_OOM, "%s", reason->step[0]);
    }
    (void)str_copy(item->problem, sizeof(item->problem), reason->step[0]);
    return true;
}

static bool has_problem(struct detected_item *item, const char *problem) {
    (void)str_copy(item->problem, sizeof(item->problem), problem);
    ERR_clear_error();
    return true;
}

/* --- certificates, requests, lists --- */

/* OpenSSL's own form has its trust settings after the certificate. */
static bool read_trusted_certificate(const struct blob *blob, struct cert **out_cert,
                                     struct err *e) {
    const uint8_t *at = blob->bytes;
    PL_AUTO(x509_freep) X509 *x509 = d2i_X509_AUX(NULL, &at, (long)blob->len);
    if (x509 == NULL) {
        return err_set_openssl(e, ERR_PKI_CERT_MALFORMED, "the certificate cannot be decoded");
    }
    return cert_from_x509(x509, out_cert, e);
}

static bool read_certificate(struct detected_item *item, const struct blob *blob, struct err *e) {
    struct err reason = {0};
    bool is_trusted = str_equal(item->label, "TRUSTED CERTIFICATE");
    if (is_trusted ? !read_trusted_certificate(blob, &item->cert, &reason)
                   : !cert_from_der(blob->bytes, blob->len, &item->cert, &reason)) {
        return settle(item, &reason, e);
    }
    item->has_spki = true;
    memcpy(item->spki_sha256, item->cert->spki_sha256, sizeof(item->spki_sha256));
    item->key_spec = item->cert->key_spec;
    return true;
}

static bool read_request(struct detected_item *item, const struct blob *blob, struct err *e) {
    struct err reason = {0};
    if (!csr_read(blob->bytes, blob->len, &item->csr, &reason)) {
        return settle(item, &reason, e);
    }
    item->has_spki = true;
    memcpy(item->spki_sha256, item->csr->spki_sha256, sizeof(item->spki_sha256));
    item->key_spec = item->csr->key_spec;
    return true;
}

static bool read_crl(struct detected_item *item, const struct blob *blob, struct err *e) {
    struct err reason = {0};
    return crl_from_der(blob->bytes, blob->len, &item->crl, &reason) || settle(item, &reason, e);
}

/* The status of the first certificate that it is about. */
static const char *ocsp_status(OCSP_RESPONSE *response) {
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    OCSP_SINGLERESP *single = basic != NULL ? OCSP_resp_get0(basic, 0) : NULL;
    int status = single != NULL ? OCSP_single_get0_status(single, NULL, NULL, NULL, NULL) : -1;
    OCSP_BASICRESP_free(basic);
    return status >= 0 ? OCSP_cert_status_str(status) : "nothing";
}

static bool read_ocsp_response(struct detected_item *item, const struct blob *blob, struct err *e) {
    (void)e;
    const uint8_t *at = blob->bytes;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)blob->len);
    if (response == NULL) {
        return has_problem(item, "the OCSP response cannot be decoded");
    }
    int status = OCSP_response_status(response);
    (void)snprintf(item->detail, sizeof(item->detail), "says: %s",
                   status == OCSP_RESPONSE_STATUS_SUCCESSFUL ? ocsp_status(response)
                                                             : OCSP_response_status_str(status));
    OCSP_RESPONSE_free(response);
    return true;
}

/* --- keys --- */

/* Takes down what the public half says; key may be a pair. */
static bool read_public_half(struct detected_item *item, const EVP_PKEY *key, struct err *e) {
    struct err reason = {0};
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    if (!key_append_spki(key, &spki, &reason) ||
        !key_from_spki(spki.data, spki.len, &item->public_key, &reason) ||
        !key_spki_sha256(item->public_key, item->spki_sha256, &reason)) {
        return settle(item, &reason, e);
    }
    item->has_spki = true;
    item->key_spec = key_spec_of(item->public_key);
    return true;
}

/* By the value after the version: RFC 5208 an algorithm, RFC 5915 the key, RFC 8017 the modulus. */
static enum key_format format_of(const struct blob *blob, const EVP_PKEY *key) {
    struct der_reader reader = der_reader_init(blob->bytes, blob->len);
    struct der_value value;
    if (!der_reader_take(&reader, DER_SEQUENCE, &value)) {
        return KEY_FORMAT_NONE;
    }
    struct der_reader inside = der_reader_enter(&value);
    if (!der_reader_take(&inside, DER_INTEGER, &value)) {
        return KEY_FORMAT_NONE;
    }
    switch (der_reader_peek(&inside)) {
    case DER_SEQUENCE:
        return KEY_FORMAT_PKCS8;
    case DER_OCTET_STRING:
        return KEY_FORMAT_SEC1;
    default:
        return EVP_PKEY_is_a(key, "DSA") == 1 ? KEY_FORMAT_DSA : KEY_FORMAT_PKCS1;
    }
}

static const char *format_name(enum key_format format) {
    switch (format) {
    case KEY_FORMAT_NONE:
        return "";
    case KEY_FORMAT_PKCS8:
        return "PKCS #8";
    case KEY_FORMAT_PKCS1:
        return "PKCS #1";
    case KEY_FORMAT_SEC1:
        return "SEC 1";
    case KEY_FORMAT_DSA:
        return "DSA";
    case KEY_FORMAT_OPENSSH:
        return "OpenSSH";
    }
    return "";
}

static bool read_private_key(struct detected_item *item, const struct blob *blob, struct err *e) {
    const uint8_t *at = blob->bytes;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)blob->len);
    if (key == NULL) {
        return has_problem(item, "the private key cannot be decoded");
    }
    item->key_format = format_of(blob, key);
    (void)str_copy(item->detail, sizeof(item->detail), format_name(item->key_format));
    return read_public_half(item, key, e);
}

static enum key_format encrypted_format(const char *label) {
    static const struct {
        const char *label;
        enum key_format format;
    } labels[] = {{"RSA PRIVATE KEY", KEY_FORMAT_PKCS1},
                  {"EC PRIVATE KEY", KEY_FORMAT_SEC1},
                  {"DSA PRIVATE KEY", KEY_FORMAT_DSA}};
    for (size_t i = 0; i < PL_ARRAY_LEN(labels); i++) {
        if (str_equal(label, labels[i].label)) {
            return labels[i].format;
        }
    }
    return KEY_FORMAT_PKCS8;
}

/* "AES-256-CBC" of "DEK-Info: AES-256-CBC,0123…", or the algorithm of EncryptedPrivateKeyInfo. */
static void name_encryption(const struct blob *blob, char *out, size_t size) {
    const char *info = blob->block != NULL ? pem_block_header(blob->block, "DEK-Info") : NULL;
    if (info != NULL) {
        (void)str_copy(out, size, info);
        out[strcspn(out, ",")] = '\0';
        return;
    }
    const uint8_t *at = blob->bytes;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)blob->len);
    (void)str_copy(out, size, "unknown encryption");
    if (sealed != NULL) {
        const X509_ALGOR *algorithm = NULL;
        X509_SIG_get0(sealed, &algorithm, NULL);
        (void)OBJ_obj2txt(out, (int)size, algorithm->algorithm, 0);
    }
    X509_SIG_free(sealed);
    ERR_clear_error();
}

static bool read_encrypted_key(struct detected_item *item, const struct blob *blob, struct err *e) {
    (void)e;
    char encryption[64];
    name_encryption(blob, encryption, sizeof(encryption));
    item->needs_password = true;
    item->key_format = encrypted_format(item->label);
    (void)snprintf(item->detail, sizeof(item->detail), "%s, %s", format_name(item->key_format),
                   encryption);
    return true;
}

static bool read_public_key(struct detected_item *item, const struct blob *blob, struct err *e) {
    const uint8_t *at = blob->bytes;
    PL_AUTO(evp_pkey_freep)
    EVP_PKEY *key = str_equal(item->label, "RSA PUBLIC KEY")
                        ? d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)blob->len)
                        : d2i_PUBKEY(NULL, &at, (long)blob->len);
    if (key == NULL) {
        return has_problem(item, "the public key cannot be decoded");
    }
    return read_public_half(item, key, e);
}

/* "openssh-key-v1", NUL, then the name of the cipher with its length before it. */
static bool read_ssh_key(struct detected_item *item, const struct blob *blob, struct err *e) {
    (void)e;
    static const char magic[] = "openssh-key-v1\0\0\0\0\4none";
    size_t magic_len = sizeof("openssh-key-v1");
    item->key_format = KEY_FORMAT_OPENSSH;
    if (blob->len < sizeof(magic) - 1 || memcmp(blob->bytes, magic, magic_len) != 0) {
        return has_problem(item, "the SSH key cannot be decoded");
    }
    item->needs_password = memcmp(blob->bytes, magic, sizeof(magic) - 1) != 0;
    (void)str_copy(item->detail, sizeof(item->detail),
                   item->needs_password ? "encrypted" : "not encrypted");
    return true;
}

/* --- key stores --- */

static bool read_pkcs12(struct detected_item *item, const struct blob *blob, struct err *e) {
    (void)e;
    struct detect_pfx pfx = {.is_encrypted = false};
    if (!detect_pfx_read(blob->bytes, blob->len, &pfx)) {
        return has_problem(item, "the PKCS #12 file cannot be decoded");
    }
    item->needs_password = pfx.needs_password;
    const char *encryption = pfx.is_encrypted ? "encrypted" : "not encrypted";
    if (pfx.mac[0] == '\0') {
        (void)snprintf(item->detail, sizeof(item->detail), "%s, no MAC", encryption);
    } else if (pfx.iterations == 0) {
        (void)snprintf(item->detail, sizeof(item->detail), "%s, MAC %s", encryption, pfx.mac);
    } else {
        (void)snprintf(item->detail, sizeof(item->detail), "%s, MAC %s, %ld iteration%s",
                       encryption, pfx.mac, pfx.iterations, pfx.iterations == 1 ? "" : "s");
    }
    return true;
}

static unsigned long read_u32(const uint8_t *bytes) {
    return (unsigned long)bytes[0] << 24 | (unsigned long)bytes[1] << 16 |
           (unsigned long)bytes[2] << 8 | bytes[3];
}

/* Magic, version, number of entries. Keys in it are encrypted, certificates are not. */
static bool read_java_keystore(struct detected_item *item, const struct blob *blob, struct err *e) {
    (void)e;
    enum { HEADER_LEN = 12 };
    if (blob->len < HEADER_LEN) {
        return has_problem(item, "the Java key store is cut off");
    }
    unsigned long entries = read_u32(blob->bytes + 8);
    item->needs_password = true;
    (void)snprintf(item->detail, sizeof(item->detail), "%sversion %lu, %lu %s",
                   blob->bytes[0] == 0xFE ? "" : "JCEKS, ", read_u32(blob->bytes + 4), entries,
                   entries == 1 ? "entry" : "entries");
    return true;
}

/* --- the rest --- */

/* The type is the first word of the line. */
static bool read_ssh_public_key(struct detected_item *item, const struct blob *blob,
                                struct err *e) {
    (void)e;
    size_t len = 0;
    while (len < blob->len && len < sizeof(item->detail) - 1 && blob->bytes[len] > ' ' &&
           blob->bytes[len] < 0x7F) {
        item->detail[len] = (char)blob->bytes[len];
        len++;
    }
    return true;
}

/* Kinds without a reader are known by name alone. */
static bool (*const readers[SNIFF_KIND_COUNT])(struct detected_item *, const struct blob *,
                                               struct err *) = {
    [SNIFF_CERTIFICATE] = read_certificate,
    [SNIFF_REQUEST] = read_request,
    [SNIFF_CRL] = read_crl,
    [SNIFF_OCSP_RESPONSE] = read_ocsp_response,
    [SNIFF_PRIVATE_KEY] = read_private_key,
    [SNIFF_ENCRYPTED_PRIVATE_KEY] = read_encrypted_key,
    [SNIFF_PUBLIC_KEY] = read_public_key,
    [SNIFF_SSH_PRIVATE_KEY] = read_ssh_key,
    [SNIFF_SSH_PUBLIC_KEY] = read_ssh_public_key,
    [SNIFF_PKCS12] = read_pkcs12,
    [SNIFF_JAVA_KEYSTORE] = read_java_keystore,
};

static bool add_bundled(struct detected *detected, const struct cert_list *certs, struct err *e) {
    for (size_t i = 0; i < certs->count; i++) {
        struct cert *cert = certs->items[i];
        struct detected_item *item = NULL;
        if (!detect_add_item(detected, SNIFF_CERTIFICATE, NULL, &item, e)) {
            return false;
        }
        item->is_from_bundle = true;
        item->cert = cert_ref(cert);
        item->has_spki = true;
        memcpy(item->spki_sha256, cert->spki_sha256, sizeof(item->spki_sha256));
        item->key_spec = cert->key_spec;
    }
    return true;
}

static bool add_bundle(struct detected *detected, struct detected_item *item,
                       const struct blob *blob, struct err *e) {
    struct err reason = {0};
    PL_AUTO(cert_list_clear) struct cert_list certs = {0};
    if (!bundle_from_der(blob->bytes, blob->len, &certs, &reason)) {
        return settle(item, &reason, e);
    }
    return add_bundled(detected, &certs, e);
}

bool detect_add_blob(struct detected *detected, enum sniff_kind kind, const struct pem_block *block,
                     const uint8_t *bytes, size_t len, struct err *e) {
    struct detected_item *item = NULL;
    if (!detect_add_item(detected, kind, block, &item, e)) {
        return false;
    }
    const struct blob blob = {.block = block, .bytes = bytes, .len = len};
    if (kind == SNIFF_PKCS7) {
        return add_bundle(detected, item, &blob, e);
    }
    return readers[kind] == NULL || readers[kind](item, &blob, e);
}
