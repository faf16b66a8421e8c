/* Addresses of an issuer, its name in them, and the algorithm its key signs with. */
#include "ca/issuer.h"

#include "base/hex.h"
#include "base/mem.h"
#include "codec/uri.h"

#include <openssl/obj_mac.h>

#include <string.h>

bool ca_issuer_has_base_url(const struct ca_issuer *issuer) {
    return issuer->base_url != NULL && issuer->base_url[0] != '\0';
}

static bool refuse_base_url(const char *text, const char *why, struct err *e) {
    (void)err_set(e, ERR_CA_BASE_URL_INVALID, "\"%.100s\" cannot be the base of addresses: %s",
                  text, why);
    return err_hint(
        e, "write http:// and a host that all clients reach, such as http://pki.example.com");
}

bool ca_base_url_check(const char *text, char **out_url, struct err *e) {
    struct uri uri;
    if (!uri_parse(text, &uri, e)) {
        return false;
    }
    if (uri.is_https) {
        return refuse_base_url(
            text,
            "clients fetch the CA's certificate and lists before they trust it, so https "
            "cannot work; both are signed",
            e);
    }
    if (strchr(uri.path, '?') != NULL) {
        return refuse_base_url(text, "it has a query", e);
    }
    for (size_t len = strlen(uri.path); len > 0 && uri.path[len - 1] == '/'; len--) {
        uri.path[len - 1] = '\0';
    }
    char url[URI_TEXT_SIZE];
    uri_format(&uri, url);
    if (strlen(url) > CA_BASE_URL_MAX) {
        return refuse_base_url(text, "it is too long", e);
    }
    return mem_strdup(url, out_url, e);
}

void ca_key_hash_format(const uint8_t spki_sha256[KEY_SPKI_SHA256_LEN],
                        char out[CA_KEY_HASH_TEXT + 1]) {
    hex_encode(spki_sha256, CA_KEY_HASH_TEXT / 2, out);
}

bool ca_address_certificate(const struct ca_issuer *issuer, char **out_url, struct err *e) {
    char key_hash[CA_KEY_HASH_TEXT + 1];
    ca_key_hash_format(issuer->certificate->spki_sha256, key_hash);
    return mem_printf(out_url, e, "%s/ca/%s.crt", issuer->base_url, key_hash);
}

bool ca_address_crl(const struct ca_issuer *issuer, unsigned shard, char **out_url, struct err *e) {
    char key_hash[CA_KEY_HASH_TEXT + 1];
    ca_key_hash_format(issuer->certificate->spki_sha256, key_hash);
    return mem_printf(out_url, e, "%s/ca/crl/%s-%u.crl", issuer->base_url, key_hash, shard);
}

bool ca_address_ocsp(const struct ca_issuer *issuer, char **out_url, struct err *e) {
    return mem_printf(out_url, e, "%s/ca/ocsp", issuer->base_url);
}

static int ecdsa_nid(unsigned bits) {
    switch (bits) {
    case 256:
        return NID_ecdsa_with_SHA256;
    case 384:
        return NID_ecdsa_with_SHA384;
    case 521:
        return NID_ecdsa_with_SHA512;
    default:
        return NID_undef;
    }
}

int ca_signature_nid(const struct key_spec *key) {
    switch (key->family) {
    case KEY_RSA:
        return NID_sha256WithRSAEncryption;
    case KEY_EC:
        return ecdsa_nid(key->bits);
    case KEY_ED25519:
        return NID_ED25519;
    case KEY_OTHER:
        return NID_undef;
    }
    PL_BUG_UNLESS(false);
}
