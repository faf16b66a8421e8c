/*
 * Finding the one certificate request in whatever file people send, and saying what it is when it
 * is none.
 */
#include "pki/request.h"

#include "base/secret.h"
#include "base/str.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "codec/sniff.h"
#include "codec/text.h"

#include <string.h>

/* --- what it is instead --- */

static const char *hint_for(enum sniff_kind kind) {
    switch (kind) {
    case SNIFF_CERTIFICATE:
    case SNIFF_PKCS7:
        return "a certificate is installed, not submitted: padlock cert install FILE";
    case SNIFF_PKCS12:
        return "a .pfx holds a certificate with its key: padlock cert import FILE";
    case SNIFF_PRIVATE_KEY:
    case SNIFF_ENCRYPTED_PRIVATE_KEY:
    case SNIFF_SSH_PRIVATE_KEY:
    case SNIFF_PUTTY_KEY:
        return "keep the private key to yourself; submit the request that was made with it";
    case SNIFF_PUBLIC_KEY:
    case SNIFF_PARAMETERS:
    case SNIFF_SSH_PUBLIC_KEY:
        return "a request holds names and is signed by the key: padlock request new";
    case SNIFF_JAVA_KEYSTORE:
        return "take the request out of it with keytool -certreq";
    case SNIFF_CERTREQ_INF:
        return "run certreq -new FILE request.csr on Windows and submit request.csr";
    case SNIFF_WEB_PAGE:
        return "the page was saved instead of the file; download the request itself";
    case SNIFF_ZIP:
    case SNIFF_PDF:
        return "submit the request as the text file that was made, not inside a document";
    case SNIFF_EMPTY:
    case SNIFF_REQUEST:
    case SNIFF_CRL:
    case SNIFF_OCSP_RESPONSE:
    case SNIFF_OPENPGP:
    case SNIFF_DER:
    case SNIFF_PEM:
    case SNIFF_TEXT:
    case SNIFF_JSON:
    case SNIFF_BINARY:
    case SNIFF_KIND_COUNT:
        break;
    }
    return "a request starts with -----BEGIN CERTIFICATE REQUEST-----";
}

static bool say_not_csr(enum sniff_kind kind, struct err *e) {
    (void)err_set(e, ERR_PKI_CSR_NOT_CSR, "this is %s, not a certificate request",
                  sniff_describe(kind));
    return err_hint(e, "%s", hint_for(kind));
}

/* --- PEM --- */

static bool is_key(enum sniff_kind kind) {
    return kind == SNIFF_PRIVATE_KEY || kind == SNIFF_ENCRYPTED_PRIVATE_KEY;
}

/* What to call a file of several blocks: by a key before all, else by the first. */
static enum sniff_kind main_kind(const struct pem *pem) {
    for (size_t i = 0; i < pem->count; i++) {
        enum sniff_kind kind = sniff_pem_block(&pem->blocks[i]);
        if (is_key(kind)) {
            return kind;
        }
    }
    return sniff_pem_block(&pem->blocks[0]);
}

static bool same_content(const struct pem_block *a, const struct pem_block *b) {
    return a->content.len == b->content.len &&
           memcmp(a->content.data, b->content.data, a->content.len) == 0;
}

struct found {
    const struct pem_block *request;
    bool has_key;
    bool has_others;
};

static bool find_request(const struct pem *pem, struct found *found, struct err *e) {
    for (size_t i = 0; i < pem->count; i++) {
        const struct pem_block *block = &pem->blocks[i];
        enum sniff_kind kind = sniff_pem_block(block);
        if (kind != SNIFF_REQUEST) {
            found->has_key = found->has_key || is_key(kind);
            found->has_others = found->has_others || !is_key(kind);
        } else if (found->request == NULL) {
            found->request = block;
        } else if (!same_content(found->request, block)) {
            (void)err_set(e, ERR_PKI_CSR_SEVERAL,
                          "the file holds several certificate requests (lines %zu and %zu)",
                          found->request->line, block->line);
            return err_hint(e, "submit them one by one");
        }
    }
    return found->request != NULL || say_not_csr(main_kind(pem), e);
}

/* --- notices --- */

static bool notice(struct csr *csr, bool applies, const char *text, struct err *e) {
    return !applies || csr->notices.count == CSR_NOTICES_MAX || list_add(&csr->notices, text, e);
}

static bool add_block_notices(struct csr *csr, const struct pem *pem, const struct found *found,
                              struct err *e) {
    bool is_mislabelled = sniff_pem_label(found->request->label) != SNIFF_REQUEST;
    return notice(csr, is_mislabelled, "the block has another label than CERTIFICATE REQUEST", e) &&
           notice(csr, pem->has_other_text, "the text around the request is left aside", e) &&
           notice(csr, found->has_others, "the other blocks in the file are left aside", e) &&
           notice(csr, found->has_key,
                  "the file also holds a private key: never send that to anyone; if it was sent, "
                  "make a new key and request",
                  e);
}

static bool read_pem(const struct pem *pem, struct csr **out_csr, struct err *e) {
    struct found found = {0};
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    if (!find_request(pem, &found, e) ||
        !csr_from_der(found.request->content.data, found.request->content.len, &csr, e) ||
        !add_block_notices(csr, pem, &found, e)) {
        return false;
    }
    *out_csr = PL_TAKE(csr);
    return true;
}

/* --- without armour --- */

static bool read_bare(const struct buf *text, struct csr **out_csr, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf der;
    buf_init(&der, text->len);
    if (!pem_read_bare(buf_string(text), text->len, &der, e)) {
        return false;
    }
    if (der.len == 0) {
        return say_not_csr(sniff_bytes(text->data, text->len), e);
    }
    enum sniff_kind kind = sniff_der(der.data, der.len);
    if (kind != SNIFF_REQUEST) {
        return say_not_csr(kind, e);
    }
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    if (!csr_from_der(der.data, der.len, &csr, e) ||
        !notice(csr, true, "the lines BEGIN and END are missing; it was read as base64", e)) {
        return false;
    }
    *out_csr = PL_TAKE(csr);
    return true;
}

static bool read_text(const void *bytes, size_t len, struct csr **out_csr, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf text;
    PL_AUTO(pem_clear) struct pem pem = {0};
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    buf_init(&text, 3 * (size_t)CSR_INPUT_MAX); /* UTF-16 grows by half, U+FFFD to three bytes */
    if (!text_normalize(bytes, len, &text, e) || !pem_read(buf_string(&text), text.len, &pem, e)) {
        return false;
    }
    if (pem.count > 0 ? !read_pem(&pem, &csr, e) : !read_bare(&text, &csr, e)) {
        return false;
    }
    enum text_encoding encoding = text_detect(bytes, len);
    bool is_utf16 = encoding == TEXT_UTF16_LE || encoding == TEXT_UTF16_BE;
    if (!notice(csr, is_utf16, "the file is UTF-16 text, as Windows writes it", e)) {
        return false;
    }
    *out_csr = PL_TAKE(csr);
    return true;
}

/* The bytes from the first one make a whole DER value, or would if they went on. */
static bool is_binary_der(const uint8_t *bytes, size_t len) {
    return len > 1 && bytes[0] == DER_SEQUENCE && (bytes[1] >= 0x80 || len == 2U + bytes[1]);
}

static bool read_der(const uint8_t *der, size_t len, struct csr **out_csr, struct err *e) {
    enum sniff_kind kind = sniff_der(der, len);
    if (kind == SNIFF_REQUEST) {
        return csr_from_der(der, len, out_csr, e);
    }
    if (kind != SNIFF_BINARY) {
        return say_not_csr(kind, e);
    }
    (void)err_set(e, ERR_PKI_CSR_MALFORMED,
                  "the file is damaged: it begins like DER but is cut off");
    return err_hint(e, "binary files must be copied as binary; PEM is safer for mail");
}

bool csr_read(const void *bytes, size_t len, struct csr **out_csr, struct err *e) {
    if (len > CSR_INPUT_MAX) {
        return err_set(e, ERR_BASE_LIMIT,
                       "the file is larger than a certificate request can be (%d bytes)",
                       CSR_INPUT_MAX);
    }
    if (len == 0) {
        (void)err_set(e, ERR_PKI_CSR_NOT_CSR, "the file is empty");
        return err_hint(e, "%s", hint_for(SNIFF_EMPTY));
    }
    return is_binary_der(bytes, len) ? read_der(bytes, len, out_csr, e)
                                     : read_text(bytes, len, out_csr, e);
}
