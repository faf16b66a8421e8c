/*
 * One X.509 certificate, read once into what everyone asks of it.
 *
 * Runs in any process; reads bytes from anywhere. Limits:
 * CERT_DER_MAX bytes a certificate, SAN_MAX names, DN_PARTS_MAX name parts. References are counted
 * without locks: a certificate stays with one thread. Not done here: chains, trust, dates,
 * revocation.
 */
#include "pki/cert.h"

#include "base/escape.h"
#include "base/mem.h"
#include "codec/pem.h"
#include "pki/asn1.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <string.h>

/* --- reading --- */

static bool malformed(struct err *e, const char *what) {
    return err_set_openssl(e, ERR_PKI_CERT_MALFORMED, "the certificate is malformed: %s", what);
}

static bool read_validity(struct cert *cert, struct err *e) {
    if (!asn1_time_to_ms(X509_get0_notBefore(cert->x509), &cert->not_before_ms)) {
        return malformed(e, "its start date cannot be read");
    }
    return asn1_time_to_ms(X509_get0_notAfter(cert->x509), &cert->not_after_ms) ||
           malformed(e, "its end date cannot be read");
}

static bool read_names(struct cert *cert, struct err *e) {
    return dn_from_x509_name(X509_get_subject_name(cert->x509), &cert->subject, e) &&
           dn_from_x509_name(X509_get_issuer_name(cert->x509), &cert->issuer, e) &&
           dn_format(&cert->subject, &cert->subject_text, e) &&
           dn_format(&cert->issuer, &cert->issuer_text, e);
}

static bool read_sans(struct cert *cert, struct err *e) {
    int critical = 0; /* -1: there is none; -2: there are several */
    GENERAL_NAMES *names = X509_get_ext_d2i(cert->x509, NID_subject_alt_name, &critical, NULL);
    if (names == NULL && critical != -1) {
        return malformed(e, critical == -2 ? "it has two lists of alternative names"
                                           : "its alternative names cannot be decoded");
    }
    bool ok = san_list_from_general_names(names, &cert->sans, e);
    GENERAL_NAMES_free(names);
    return ok;
}

void cert_key_id_read(struct cert_key_id *out_id, const ASN1_OCTET_STRING *id) {
    if (id != NULL && ASN1_STRING_length(id) > 0 && ASN1_STRING_length(id) <= CERT_KEY_ID_MAX) {
        out_id->len = (size_t)ASN1_STRING_length(id);
        memcpy(out_id->bytes, ASN1_STRING_get0_data(id), out_id->len);
    }
}

static bool read_public_key(struct cert *cert, struct err *e) {
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, CERT_DER_MAX);
    if (!openssl_append_der(&spki, (i2d_of_void *)i2d_X509_PUBKEY, X509_get_X509_PUBKEY(cert->x509),
                            e) ||
        !sha256(spki.data, spki.len, cert->spki_sha256, e)) {
        return false;
    }
    const EVP_PKEY *key = X509_get0_pubkey(cert->x509);
    if (key != NULL) {
        cert->key_spec = key_spec_of(key);
    }
    return true;
}

static bool verifies_with(const struct cert *cert, const struct cert *issuer) {
    struct cert_signer *signer = cert->signer;
    if (!signer->is_known ||
        memcmp(signer->spki_sha256, issuer->spki_sha256, sizeof(signer->spki_sha256)) != 0) {
        EVP_PKEY *key = X509_get0_pubkey(issuer->x509);
        signer->is_right = key != NULL && X509_verify(cert->x509, key) == 1;
        signer->is_known = true;
        memcpy(signer->spki_sha256, issuer->spki_sha256, sizeof(signer->spki_sha256));
        ERR_clear_error();
    }
    return signer->is_right;
}

static bool read_fields(struct cert *cert, struct err *e) {
    if (!sha256(cert->der, cert->der_len, cert->sha256, e) || !read_names(cert, e) ||
        !read_sans(cert, e) || !read_validity(cert, e) || !read_public_key(cert, e)) {
        return false;
    }
    asn1_integer_to_hex(X509_get0_serialNumber(cert->x509), cert->serial, sizeof(cert->serial));
    cert_key_id_read(&cert->subject_key_id, X509_get0_subject_key_id(cert->x509));
    cert_key_id_read(&cert->authority_key_id, X509_get0_authority_key_id(cert->x509));
    const X509_ALGOR *algorithm = NULL;
    X509_get0_signature(NULL, &algorithm, cert->x509);
    (void)OBJ_obj2txt(cert->signature_algorithm, sizeof(cert->signature_algorithm),
                      algorithm->algorithm, 0);
    cert->is_ca = (X509_get_extension_flags(cert->x509) & EXFLAG_CA) != 0;
    cert->is_self_issued =
        X509_NAME_cmp(X509_get_subject_name(cert->x509), X509_get_issuer_name(cert->x509)) == 0;
    cert->is_self_signed = cert->is_self_issued && verifies_with(cert, cert);
    ERR_clear_error(); /* lookups that found nothing leave entries */
    return true;
}

/* Takes the reference to x509, also on failure. */
static bool cert_make(X509 *x509, const uint8_t *der, size_t der_len, struct cert **out_cert,
                      struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct cert), &memory, e)) {
        X509_free(x509);
        return false;
    }
    PL_AUTO(cert_freep) struct cert *cert = memory;
    cert->references = 1;
    cert->x509 = x509;
    void *copy = NULL;
    void *signer = NULL;
    if (!mem_dup(der, der_len, &copy, e) || !mem_alloc(sizeof(*cert->signer), &signer, e)) {
        mem_free(copy);
        return false;
    }
    cert->signer = signer;
    cert->der = copy;
    cert->der_len = der_len;
    if (!read_fields(cert, e)) {
        return false;
    }
    *out_cert = PL_TAKE(cert);
    return true;
}

bool cert_from_der(const uint8_t *der, size_t der_len, struct cert **out_cert, struct err *e) {
    if (der_len == 0 || der_len > CERT_DER_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a certificate has 1 to %d bytes, this one %zu",
                       CERT_DER_MAX, der_len);
    }
    const uint8_t *at = der;
    PL_AUTO(x509_freep) X509 *x509 = d2i_X509(NULL, &at, (long)der_len);
    if (x509 == NULL) {
        return malformed(e, "it cannot be decoded");
    }
    size_t used = (size_t)(at - der);
    if (used != der_len) {
        return err_set(e, ERR_PKI_CERT_TRAILING, "%zu bytes follow the certificate",
                       der_len - used);
    }
    return cert_make(PL_TAKE(x509), der, der_len, out_cert, e);
}

bool cert_from_x509(X509 *x509, struct cert **out_cert, struct err *e) {
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, CERT_DER_MAX);
    if (!openssl_append_der(&der, (i2d_of_void *)i2d_X509, x509, e)) {
        return false;
    }
    if (X509_up_ref(x509) != 1) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot share the certificate");
    }
    return cert_make(x509, der.data, der.len, out_cert, e);
}

struct cert *cert_ref(struct cert *cert) {
    cert->references++;
    return cert;
}

void cert_free(struct cert *cert) {
    if (cert == NULL || --cert->references > 0) {
        return;
    }
    X509_free(cert->x509);
    mem_free(cert->der);
    mem_free(cert->signer);
    dn_clear(&cert->subject);
    dn_clear(&cert->issuer);
    mem_free(cert->subject_text);
    mem_free(cert->issuer_text);
    san_list_clear(&cert->sans);
    mem_free(cert);
}

/* --- asking --- */

bool cert_equal(const struct cert *a, const struct cert *b) {
    return memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}

const char *cert_display_name(const struct cert *cert) {
    const char *common_name = dn_get(&cert->subject, NID_commonName);
    if (common_name != NULL) {
        return common_name;
    }
    return cert->sans.count > 0 ? cert->sans.items[0].text : cert->subject_text;
}

const char *cert_issuer_display_name(const struct cert *cert) {
    const char *common_name = dn_get(&cert->issuer, NID_commonName);
    if (common_name != NULL) {
        return common_name;
    }
    const char *organisation = dn_get(&cert->issuer, NID_organizationName);
    return organisation != NULL ? organisation : cert->issuer_text;
}

bool cert_is_issued_by(const struct cert *cert, const struct cert *issuer) {
    return X509_NAME_cmp(X509_get_issuer_name(cert->x509), X509_get_subject_name(issuer->x509)) ==
               0 &&
           verifies_with(cert, issuer);
}

/* --- writing --- */

bool cert_append_pem(const struct cert *cert, struct buf *out, struct err *e) {
    return pem_write("CERTIFICATE", cert->der, cert->der_len, out, e);
}

/* Indentation is kept, everything else passes the escaper. */
static bool append_escaped_lines(struct buf *out, const char *text, size_t len, struct err *e) {
    const char *end = text + len;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline != NULL ? newline : end;
        if (!escape_append(out, ESCAPE_TERMINAL, text, (size_t)(line_end - text), e) ||
            !buf_append_byte(out, '\n', e)) {
            return false;
        }
        text = line_end + 1;
    }
    return true;
}

bool cert_append_text(const struct cert *cert, struct buf *out, struct err *e) {
    PL_AUTO(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    unsigned long names =
        XN_FLAG_ONELINE & ~(unsigned long)(ASN1_STRFLGS_ESC_MSB | ASN1_STRFLGS_ESC_CTRL);
    if (bio == NULL || X509_print_ex(bio, cert->x509, names, 0) != 1) {
        return err_set_openssl(e, ERR_PKI_CERT_MALFORMED,
                               "the certificate cannot be written out as text");
    }
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    return append_escaped_lines(out, text, (size_t)len, e);
}

void cert_format_fingerprint(const uint8_t sha256[32], char out[CERT_FINGERPRINT_TEXT]) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < 32; i++) {
        out[3 * i] = digits[sha256[i] >> 4];
        out[3 * i + 1] = digits[sha256[i] & 15];
        out[3 * i + 2] = ':';
    }
    out[CERT_FINGERPRINT_TEXT - 1] = '\0';
}
