/* Addresses of an issuer, its name in them, and the algorithm its key signs with. */
#include "ca/issuer.h"

#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/hostname.h"
#include "codec/ip.h"

#include <openssl/obj_mac.h>

#include <string.h>

static const char scheme[] = "http://";

bool ca_issuer_has_base_url(const struct ca_issuer *issuer) {
    return issuer->base_url != NULL && issuer->base_url[0] != '\0';
}

static bool is_url_path(const char *path) {
    static const char allowed[] = "-._~!$&'()*+,;=:@%/";
    for (; *path != '\0'; path++) {
        if (!str_is_alpha(*path) && !str_is_digit(*path) && strchr(allowed, *path) == NULL) {
            return false;
        }
    }
    return true;
}

/* host[:port], an IPv6 address in brackets. */
static bool is_authority(const char *text) {
    char host[HOSTNAME_SIZE + IP_TEXT_SIZE];
    if (!str_copy(host, sizeof(host), text)) {
        return false;
    }
    char *after_bracket = strchr(host, ']');
    char *colon = strchr(after_bracket == NULL ? host : after_bracket, ':');
    if (colon != NULL) {
        uint64_t port = 0;
        if (!str_to_u64(colon + 1, 65535, &port) || port == 0) {
            return false;
        }
        *colon = '\0';
    }
    struct ip ip;
    return ip_parse(host, &ip) || hostname_is_valid(host);
}

static bool is_base_url(const char *url) {
    if (!str_starts_with(url, scheme) || strlen(url) > CA_BASE_URL_MAX) {
        return false;
    }
    const char *start = url + strlen(scheme);
    size_t len = strcspn(start, "/");
    char authority[CA_BASE_URL_MAX + 1];
    memcpy(authority, start, len);
    authority[len] = '\0';
    return is_authority(authority) && is_url_path(start + len);
}

bool ca_base_url_check(const char *text, char **out_url, struct err *e) {
    PL_AUTO(mem_freep) char *url = NULL;
    if (!mem_strdup(text, &url, e)) {
        return false;
    }
    for (size_t len = strlen(url); len > strlen(scheme) && url[len - 1] == '/'; len--) {
        url[len - 1] = '\0';
    }
    if (is_base_url(url)) {
        *out_url = PL_TAKE(url);
        return true;
    }
    (void)err_set(e, ERR_CA_BASE_URL_INVALID,
                  "\"%.100s\" cannot be the base of addresses in certificates", text);
    if (str_starts_with(text, "https://")) {
        return err_hint(
            e, "write http://: clients fetch the CA's certificate and revocation lists before they "
               "trust anything, and both are signed");
    }
    return err_hint(
        e, "write http:// with a host that all clients reach, such as http://pki.example.com");
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
