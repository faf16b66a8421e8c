/*
 * What a file is, by looking at it: for messages ("this is a private key, not a request") and for
 * choosing a reader. Pure functions; a guess, never a check.
 */
#ifndef PL_CODEC_SNIFF_H
#define PL_CODEC_SNIFF_H

#include "base/compiler.h"
#include "codec/pem.h"

enum sniff_kind {
    SNIFF_EMPTY, /* nothing, or white space alone */
    SNIFF_CERTIFICATE,
    SNIFF_REQUEST,
    SNIFF_CRL,
    SNIFF_PKCS7,
    SNIFF_PKCS12,
    SNIFF_PRIVATE_KEY,
    SNIFF_ENCRYPTED_PRIVATE_KEY,
    SNIFF_PUBLIC_KEY,
    SNIFF_PARAMETERS, /* EC or DH parameters without a key */
    SNIFF_OCSP_RESPONSE,
    SNIFF_JAVA_KEYSTORE, /* JKS or JCEKS; newer ones are PKCS #12 */
    SNIFF_SSH_PRIVATE_KEY,
    SNIFF_SSH_PUBLIC_KEY,
    SNIFF_PUTTY_KEY,
    SNIFF_OPENPGP,
    SNIFF_CERTREQ_INF, /* the input of Windows' certreq -new */
    SNIFF_WEB_PAGE,
    SNIFF_JSON,
    SNIFF_ZIP, /* also office documents */
    SNIFF_PDF,
    SNIFF_DER, /* some other SEQUENCE */
    SNIFF_PEM, /* a block of some other label */
    SNIFF_TEXT,
    SNIFF_BINARY,
    SNIFF_KIND_COUNT
};

/* By outer shape. */
enum sniff_kind sniff_der(const void *der, size_t len);
/* By label alone; SNIFF_PEM for labels that mean nothing to us. RFC 7468, RFC 1421. */
enum sniff_kind sniff_pem_label(const char *label);
/*
 * By content, as labels lie now and then ("CERTIFICATE" over PKCS #7); by label when the content
 * says nothing or is encrypted.
 */
enum sniff_kind sniff_pem_block(const struct pem_block *block);
/*
 * The bytes of a file that has no PEM block; text already through text_normalize(). Base64 without
 * armour is text: pem_read_bare() first.
 */
enum sniff_kind sniff_bytes(const void *bytes, size_t len);

/* "a private key", "a web page (HTML)", … */
const char *sniff_describe(enum sniff_kind kind);

#endif
