/*
 * Bundles of certificates by OpenSSL's CMS (reading) and PKCS #7 (writing). Limits:
 * BUNDLE_INPUT_MAX bytes, CERT_LIST_MAX certificates. Not done: signatures over content, encrypted
 * or authenticated data.
 */
#include "pki/bundle.h"

#include "codec/pem.h"
#include "codec/sniff.h"
#include "codec/text.h"
#include "pki/openssl.h"

#include <openssl/cms.h>

/* --- reading --- */

PL_DEFINE_FREEP(cms_freep, CMS_ContentInfo, CMS_ContentInfo_free)
static void x509_owners_free(STACK_OF(X509) * owners) {
    sk_X509_pop_free(owners, X509_free);
}
PL_DEFINE_FREEP(x509_owners_freep, STACK_OF(X509), x509_owners_free)

static bool collect(const STACK_OF(X509) * stack, struct cert_list *out_certs, struct err *e) {
    int count = sk_X509_num(stack);
    if (count <= 0) {
        return err_set(e, ERR_PKI_BUNDLE_EMPTY, "the bundle holds no certificate");
    }
    for (int i = 0; i < count; i++) {
        struct cert *cert = NULL;
        if (!cert_from_x509(sk_X509_value(stack, i), &cert, e)) {
            return err_wrap(e, "cannot read certificate %d of the bundle", i + 1);
        }
        bool is_added = cert_list_add(out_certs, cert, e);
        cert_free(cert);
        if (!is_added) {
            return false;
        }
    }
    return true;
}

bool bundle_from_der(const uint8_t *der, size_t der_len, struct cert_list *out_certs,
                     struct err *e) {
    if (der_len == 0 || der_len > BUNDLE_INPUT_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a bundle has 1 to %d bytes, this one %zu",
                       BUNDLE_INPUT_MAX, der_len);
    }
    const uint8_t *at = der;
    PL_AUTO(cms_freep) CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der_len);
    if (cms == NULL) {
        return err_set_openssl(e, ERR_PKI_BUNDLE_MALFORMED, "the bundle cannot be decoded");
    }
    if (at != der + der_len) {
        return err_set(e, ERR_PKI_BUNDLE_MALFORMED, "%zu bytes follow the bundle",
                       der_len - (size_t)(at - der));
    }
    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed) {
        return err_set(e, ERR_PKI_BUNDLE_NOT_BUNDLE,
                       "this is PKCS #7 data of another kind than a bundle of certificates");
    }
    PL_AUTO(x509_owners_freep) STACK_OF(X509) *certs = CMS_get1_certs(cms);
    return collect(certs, out_certs, e);
}

static bool not_bundle(enum sniff_kind kind, struct err *e) {
    return err_set(e, ERR_PKI_BUNDLE_NOT_BUNDLE, "this is %s, not a bundle of certificates",
                   sniff_describe(kind));
}

/* The first block that holds a bundle, whatever its label says. */
static bool read_blocks(const struct pem *pem, struct cert_list *out_certs, struct err *e) {
    for (size_t i = 0; i < pem->count; i++) {
        const struct buf *content = &pem->blocks[i].content;
        if (sniff_pem_block(&pem->blocks[i]) == SNIFF_PKCS7) {
            return bundle_from_der(content->data, content->len, out_certs, e);
        }
    }
    return not_bundle(sniff_pem_block(&pem->blocks[0]), e);
}

static bool read_text(const struct buf *text, struct cert_list *out_certs, struct err *e) {
    PL_AUTO(pem_clear) struct pem pem = {0};
    if (!pem_read(buf_string(text), text->len, &pem, e)) {
        return false;
    }
    if (pem.count > 0) {
        return read_blocks(&pem, out_certs, e);
    }
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, BUNDLE_INPUT_MAX);
    if (!pem_read_bare(buf_string(text), text->len, &der, e)) {
        return false;
    }
    if (der.len == 0) {
        return not_bundle(sniff_bytes(text->data, text->len), e);
    }
    enum sniff_kind kind = sniff_der(der.data, der.len);
    return kind == SNIFF_PKCS7 ? bundle_from_der(der.data, der.len, out_certs, e)
                               : not_bundle(kind, e);
}

bool bundle_read(const void *bytes, size_t len, struct cert_list *out_certs, struct err *e) {
    if (len == 0 || len > BUNDLE_INPUT_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a bundle has 1 to %d bytes, this one %zu",
                       BUNDLE_INPUT_MAX, len);
    }
    enum sniff_kind kind = sniff_der(bytes, len);
    if (kind == SNIFF_PKCS7) {
        return bundle_from_der(bytes, len, out_certs, e);
    }
    if (kind != SNIFF_BINARY) {
        return not_bundle(kind, e);
    }
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, 2 * (size_t)BUNDLE_INPUT_MAX); /* UTF-16 may grow by half */
    return text_normalize(bytes, len, &text, e) && read_text(&text, out_certs, e);
}

/* --- writing --- */

static PKCS7 *new_certs_only(void) {
    PL_AUTO(pkcs7_freep) PKCS7 *pkcs7 = PKCS7_new();
    if (pkcs7 == NULL || PKCS7_set_type(pkcs7, NID_pkcs7_signed) != 1 ||
        PKCS7_content_new(pkcs7, NID_pkcs7_data) != 1) {
        return NULL;
    }
    /* without content: what a certs-only message is */
    PKCS7_set_detached(pkcs7, 1);
    return PL_TAKE(pkcs7);
}

bool bundle_append_der(const struct cert_list *certs, struct buf *out, struct err *e) {
    if (certs->count == 0) {
        return err_set(e, ERR_PKI_BUNDLE_EMPTY, "there is no certificate to bundle");
    }
    PL_AUTO(pkcs7_freep) PKCS7 *pkcs7 = new_certs_only();
    bool ok = pkcs7 != NULL;
    for (size_t i = 0; ok && i < certs->count; i++) {
        ok = PKCS7_add_certificate(pkcs7, certs->items[i]->x509) == 1;
    }
    if (!ok) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot make the bundle");
    }
    return openssl_append_der(out, (i2d_of_void *)i2d_PKCS7, pkcs7, e);
}

bool bundle_append_pem(const struct cert_list *certs, struct buf *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, out->max);
    return bundle_append_der(certs, &der, e) && pem_write("PKCS7", der.data, der.len, out, e);
}
