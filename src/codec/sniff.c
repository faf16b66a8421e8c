/* Tables of labels, first bytes and names. */
#include "codec/sniff.h"

#include "base/str.h"
#include "codec/der.h"
#include "codec/text.h"

#include <string.h>

enum { LOOK_MAX = 4096 }; /* bytes in which a text must show what it is */

static const char *const descriptions[SNIFF_KIND_COUNT] = {
    [SNIFF_EMPTY] = "empty",
    [SNIFF_CERTIFICATE] = "a certificate",
    [SNIFF_REQUEST] = "a certificate request (CSR)",
    [SNIFF_CRL] = "a certificate revocation list (CRL)",
    [SNIFF_PKCS7] = "a PKCS #7 bundle (.p7b)",
    [SNIFF_PKCS12] = "a PKCS #12 file (.pfx, .p12)",
    [SNIFF_PRIVATE_KEY] = "a private key",
    [SNIFF_ENCRYPTED_PRIVATE_KEY] = "an encrypted private key",
    [SNIFF_PUBLIC_KEY] = "a public key",
    [SNIFF_PARAMETERS] = "key parameters without a key",
    [SNIFF_OCSP_RESPONSE] = "an OCSP response",
    [SNIFF_JAVA_KEYSTORE] = "a Java key store (JKS)",
    [SNIFF_SSH_PRIVATE_KEY] = "an SSH private key",
    [SNIFF_SSH_PUBLIC_KEY] = "an SSH public key",
    [SNIFF_PUTTY_KEY] = "a PuTTY key",
    [SNIFF_OPENPGP] = "OpenPGP data",
    [SNIFF_CERTREQ_INF] = "the INF file from which certreq makes a request",
    [SNIFF_WEB_PAGE] = "a web page (HTML)",
    [SNIFF_JSON] = "a JSON document",
    [SNIFF_ZIP] = "a ZIP archive",
    [SNIFF_PDF] = "a PDF document",
    [SNIFF_DER] = "DER data of an unknown kind",
    [SNIFF_PEM] = "a PEM file of another kind",
    [SNIFF_TEXT] = "a text file",
    [SNIFF_BINARY] = "a binary file of an unknown kind",
};

const char *sniff_describe(enum sniff_kind kind) {
    return descriptions[kind];
}

enum sniff_kind sniff_der(const void *der, size_t len) {
    switch (der_sniff(der, len)) {
    case DER_CERTIFICATE:
        return SNIFF_CERTIFICATE;
    case DER_CERTIFICATE_REQUEST:
        return SNIFF_REQUEST;
    case DER_CERTIFICATE_LIST:
        return SNIFF_CRL;
    case DER_PKCS7:
        return SNIFF_PKCS7;
    case DER_PKCS12:
        return SNIFF_PKCS12;
    case DER_PRIVATE_KEY:
        return SNIFF_PRIVATE_KEY;
    case DER_ENCRYPTED_PRIVATE_KEY:
        return SNIFF_ENCRYPTED_PRIVATE_KEY;
    case DER_PUBLIC_KEY:
        return SNIFF_PUBLIC_KEY;
    case DER_OCSP_RESPONSE:
        return SNIFF_OCSP_RESPONSE;
    case DER_NOTHING_KNOWN:
        break;
    }
    return der_is_one_sequence(der, len) ? SNIFF_DER : SNIFF_BINARY;
}

struct sign {
    const char *text;
    enum sniff_kind kind;
};

enum sniff_kind sniff_pem_label(const char *label) {
    static const struct sign labels[] = {
        {"CERTIFICATE", SNIFF_CERTIFICATE},
        {"X509 CERTIFICATE", SNIFF_CERTIFICATE},
        {"TRUSTED CERTIFICATE", SNIFF_CERTIFICATE},
        {"CERTIFICATE REQUEST", SNIFF_REQUEST},
        {"NEW CERTIFICATE REQUEST", SNIFF_REQUEST},
        {"X509 CRL", SNIFF_CRL},
        {"PKCS7", SNIFF_PKCS7},
        {"PKCS #7 SIGNED DATA", SNIFF_PKCS7},
        {"CMS", SNIFF_PKCS7},
        {"PKCS12", SNIFF_PKCS12},
        {"PRIVATE KEY", SNIFF_PRIVATE_KEY},
        {"RSA PRIVATE KEY", SNIFF_PRIVATE_KEY},
        {"EC PRIVATE KEY", SNIFF_PRIVATE_KEY},
        {"DSA PRIVATE KEY", SNIFF_PRIVATE_KEY},
        {"ENCRYPTED PRIVATE KEY", SNIFF_ENCRYPTED_PRIVATE_KEY},
        {"PUBLIC KEY", SNIFF_PUBLIC_KEY},
        {"RSA PUBLIC KEY", SNIFF_PUBLIC_KEY},
        {"EC PARAMETERS", SNIFF_PARAMETERS},
        {"DH PARAMETERS", SNIFF_PARAMETERS},
        {"X9.42 DH PARAMETERS", SNIFF_PARAMETERS},
        {"OPENSSH PRIVATE KEY", SNIFF_SSH_PRIVATE_KEY},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(labels); i++) {
        if (str_equal(label, labels[i].text)) {
            return labels[i].kind;
        }
    }
    return SNIFF_PEM;
}

enum sniff_kind sniff_pem_block(const struct pem_block *block) {
    enum sniff_kind by_label = sniff_pem_label(block->label);
    if (pem_block_is_encrypted(block)) {
        return SNIFF_ENCRYPTED_PRIVATE_KEY;
    }
    if (by_label == SNIFF_SSH_PRIVATE_KEY) {
        return by_label;
    }
    enum sniff_kind by_content = sniff_der(block->content.data, block->content.len);
    return by_content == SNIFF_DER || by_content == SNIFF_BINARY ? by_label : by_content;
}

/* --- files --- */

static bool starts_with(const char *bytes, size_t len, const char *sign) {
    size_t sign_len = strlen(sign);
    return len >= sign_len && memcmp(bytes, sign, sign_len) == 0;
}

/* Does needle (lower case) stand in the text, letters in either case? */
static bool contains(const char *text, size_t len, const char *needle) {
    size_t needle_len = strlen(needle);
    for (size_t from = 0; from + needle_len <= len; from++) {
        size_t i = 0;
        while (i < needle_len && str_lower_char(text[from + i]) == needle[i]) {
            i++;
        }
        if (i == needle_len) {
            return true;
        }
    }
    return false;
}

static bool find_start(const struct sign *signs, size_t count, const char *bytes, size_t len,
                       enum sniff_kind *out_kind) {
    for (size_t i = 0; i < count; i++) {
        if (starts_with(bytes, len, signs[i].text)) {
            *out_kind = signs[i].kind;
            return true;
        }
    }
    return false;
}

static enum sniff_kind sniff_text(const char *text, size_t len) {
    static const struct sign starts[] = {
        {"PuTTY-User-Key-File-", SNIFF_PUTTY_KEY},
        {"ssh-", SNIFF_SSH_PUBLIC_KEY},
        {"ecdsa-sha2-", SNIFF_SSH_PUBLIC_KEY},
        {"sk-ssh-", SNIFF_SSH_PUBLIC_KEY},
        {"---- BEGIN SSH2 PUBLIC KEY", SNIFF_SSH_PUBLIC_KEY},
        {"{", SNIFF_JSON},
        {"[{", SNIFF_JSON},
    };
    static const struct sign inside[] = {
        {"[newrequest]", SNIFF_CERTREQ_INF}, {"-----begin pgp ", SNIFF_OPENPGP},
        {"<html", SNIFF_WEB_PAGE},           {"<!doctype html", SNIFF_WEB_PAGE},
        {"<body", SNIFF_WEB_PAGE},
    };
    enum sniff_kind kind = SNIFF_TEXT;
    if (find_start(starts, PL_ARRAY_LEN(starts), text, len, &kind)) {
        return kind;
    }
    size_t look_len = len < LOOK_MAX ? len : LOOK_MAX;
    for (size_t i = 0; i < PL_ARRAY_LEN(inside); i++) {
        if (contains(text, look_len, inside[i].text)) {
            return inside[i].kind;
        }
    }
    return SNIFF_TEXT;
}

static size_t leading_space_len(const char *text, size_t len) {
    size_t at = 0;
    while (at < len && str_is_space(text[at])) {
        at++;
    }
    return at;
}

enum sniff_kind sniff_bytes(const void *bytes, size_t len) {
    static const struct sign starts[] = {
        {"\xFE\xED\xFE\xED", SNIFF_JAVA_KEYSTORE},
        {"\xCE\xCE\xCE\xCE", SNIFF_JAVA_KEYSTORE},
        {"PK\x03\x04", SNIFF_ZIP},
        {"PK\x05\x06", SNIFF_ZIP},
        {"%PDF-", SNIFF_PDF},
    };
    const char *text = bytes;
    size_t space_len = leading_space_len(text, len);
    enum sniff_kind kind = SNIFF_EMPTY;
    if (space_len == len || find_start(starts, PL_ARRAY_LEN(starts), text, len, &kind)) {
        return kind;
    }
    kind = sniff_der(bytes, len);
    if (kind != SNIFF_BINARY || !text_is_plain(bytes, len)) {
        return kind;
    }
    return sniff_text(text + space_len, len - space_len);
}
