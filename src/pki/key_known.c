/*
 * Public keys whose private half is known to everyone: the standards' examples, and list files.
 *
 * The built-in hashes were computed from the private keys as printed. Limits: a file of
 * KEY_KNOWN_FILE_MAX bytes; a list is read once and looked up by halving.
 */
#include "pki/key_known.h"

#include "base/hex.h"
#include "base/mem.h"
#include "pki/openssl.h"
#include "sys/file.h"

#include <openssl/core_names.h>

#include <stdlib.h>
#include <string.h>

enum { SPKI_HASH_LEN = KEY_SPKI_SHA256_LEN, MODULUS_HASH_LEN = 10, SHA1_LEN = 20 };

static const struct published {
    const char *spki_sha256;
    const char *where;
} published_keys[] = {
    {"8fb6bad671cfe698393c453357da61b56d757ab8c0f3fb9c87f2849e63131878", "RFC 9500"},
    {"96465ea5dc9bb2da7b351d808a7196e5761f2412a5040131c68d719aaba28fb9", "RFC 9500"},
    {"b2b04340cfaee616ec9c2c62d261b208e54bb197498df52e8cadede23ac0ba5e", "RFC 9500"},
    {"c4c10105a0be0ed4dd3354428dc38a9bfee64da141ce16e75c94eda272f9dd3a", "RFC 9500"},
    {"acb1b8327fef995e2458fdf5e3c33b2dc0749feabd6a894cb9bda9d70ac06c24", "RFC 9500"},
    {"4cebf02cf648a32441326ee9556100a8949cc9715c83c90a32da145d72157c42", "RFC 6605"},
    {"7b7dad101d0192ed185473150dfd5ea8bf251773a28f15d65b55823ff9e4673a", "RFC 6605"},
    {"5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4", "RFC 6979"},
    {"2f95601fa82060b909bfc6b979dbd303d34d34e0afb27ea496beac362f242a4b", "RFC 6979"},
    {"2fb6d46385242ea4ad431f7175e7014eb74a5fc60f65b50ca54cc23c5b08de38", "RFC 6979"},
    {"2bd1bb0c44a897c30a7aa0991cde38d8062fe441de50da0f46825344f602e827", "RFC 7515"},
    {"9146ce73d6abeda5e0ab6926e7bd9b563f2f2258b488d520534a0b84ba5871df", "RFC 7515"},
    {"627771f25da426d1f9ae315e42106d700b1529850eee1592acf39603959d795d", "RFC 7520"},
    {"c8579d8d878fb8eab2a6f1e714c92118b9960e1478ed906496255ed405db1636", "RFC 7520"},
    {"1b50d9a1d7f6619f0362fe9382506259cb44afdd1dc3083c927cab36f2ebf79b", "RFC 7520"},
    {"c6479a15a50ac4cd9b6414e27c69bf37345dc1046dc648875c4898fbd35cc74b", "RFC 7520"},
    {"06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9", "RFC 8032"},
    {"deb2ded39dc26fce0e6085b6fc34bf6b5941913bbfe2ea614113cff9e004c170", "RFC 8032"},
    {"8d39ba50abe50f77b6bb8ae7b6927aff7ffbeba35ad2837c0e51e82bcbcc60d5", "RFC 8032"},
    {"25862b96b39bea4b80097a44733b250391faf4a16f49cb81d41a982c8d283d24", "RFC 8080"},
    {"1c07f3f831b1a478fcbde7f128cf4c85b9582b1c87743fc2070ddb9b610bac0f", "RFC 8080"},
    {"a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f", "RFC 8410"},
    {"85d88f0cf324e225ac82e0b52904867fbc9ce43c74f248865ca69d3c27c2f297", "RFC 8696"},
    {"49a768630145afd3bbf9b23c26cff109b31790c1523ddfc1a2a08055c0b537a7", "RFC 9216"},
    {"de5f0f8eeaeeb2a0d8aeb372acace509d41ed65282c37f42f7c9205b575ffe82", "RFC 9216"},
    {"d9eba436fe2c372caedf0d3093edc5057346cde613fa246af5ea0e3635438868", "RFC 9635"},
};

static bool refuse(const char *where, struct err *e) {
    (void)err_set(e, ERR_PKI_KEY_WEAK_KNOWN, "the private half of this key is known: %s", where);
    return err_hint(e, "make a new key; nobody should trust this one");
}

bool key_known_check_builtin(const uint8_t spki_sha256[KEY_SPKI_SHA256_LEN], struct err *e) {
    char text[2 * SPKI_HASH_LEN + 1];
    hex_encode(spki_sha256, SPKI_HASH_LEN, text);
    for (size_t i = 0; i < PL_ARRAY_LEN(published_keys); i++) {
        if (memcmp(published_keys[i].spki_sha256, text, sizeof(text)) == 0) {
            return refuse(published_keys[i].where, e);
        }
    }
    return true;
}

/* Hashes one behind the other, sorted once all are there. */
struct key_known_list {
    struct buf spki_hashes;
    struct buf modulus_hashes;
};

static int compare_spki_hashes(const void *a, const void *b) {
    return memcmp(a, b, SPKI_HASH_LEN);
}

static int compare_modulus_hashes(const void *a, const void *b) {
    return memcmp(a, b, MODULUS_HASH_LEN);
}

static bool add_line(struct key_known_list *list, const char *line, size_t len, bool *out_is_key,
                     struct err *e) {
    uint8_t hash[SPKI_HASH_LEN];
    size_t hash_len = len / 2;
    *out_is_key =
        (len == 2 * SPKI_HASH_LEN || len == 2 * MODULUS_HASH_LEN) && hex_decode(line, len, hash);
    if (!*out_is_key) {
        return true;
    }
    return buf_append(hash_len == SPKI_HASH_LEN ? &list->spki_hashes : &list->modulus_hashes, hash,
                      hash_len, e);
}

static bool read_lines(struct key_known_list *list, const char *text, size_t len, struct err *e) {
    const char *end = text + len;
    for (size_t number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline == NULL ? end : newline;
        size_t line_len = (size_t)(line_end - text);
        if (line_len > 0 && text[line_len - 1] == '\r') {
            line_len--;
        }
        bool is_key = false;
        bool is_left_out = line_len == 0 || text[0] == '#';
        if (!is_left_out && !add_line(list, text, line_len, &is_key, e)) {
            return false;
        }
        if (!is_left_out && !is_key) {
            return err_set(e, ERR_PKI_KEY_KNOWN_LIST,
                           "line %zu is not a hash of 64 or 20 hexadecimal digits", number);
        }
        text = newline == NULL ? end : newline + 1;
    }
    return true;
}

static void sort_hashes(struct buf *hashes, size_t hash_len,
                        int (*compare)(const void *, const void *)) {
    if (hashes->len > 0) {
        qsort(hashes->data, hashes->len / hash_len, hash_len, compare);
    }
}

bool key_known_list_read(const char *path, struct key_known_list **out_list, struct err *e) {
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, KEY_KNOWN_FILE_MAX);
    if (!file_read(path, &text, e)) {
        return false;
    }
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct key_known_list), &memory, e)) {
        return false;
    }
    PL_AUTO(key_known_list_freep) struct key_known_list *list = memory;
    buf_init(&list->spki_hashes, KEY_KNOWN_FILE_MAX);
    buf_init(&list->modulus_hashes, KEY_KNOWN_FILE_MAX);
    if (!read_lines(list, buf_string(&text), text.len, e)) {
        return err_wrap(e, "cannot read the list of known keys \"%.300s\"", path);
    }
    sort_hashes(&list->spki_hashes, SPKI_HASH_LEN, compare_spki_hashes);
    sort_hashes(&list->modulus_hashes, MODULUS_HASH_LEN, compare_modulus_hashes);
    *out_list = PL_TAKE(list);
    return true;
}

void key_known_list_free(struct key_known_list *list) {
    if (list != NULL) {
        buf_clear(&list->spki_hashes);
        buf_clear(&list->modulus_hashes);
        mem_free(list);
    }
}

size_t key_known_list_count(const struct key_known_list *list) {
    return list->spki_hashes.len / SPKI_HASH_LEN + list->modulus_hashes.len / MODULUS_HASH_LEN;
}

static bool has_hash(const struct buf *hashes, const uint8_t *hash, size_t hash_len,
                     int (*compare)(const void *, const void *)) {
    return hashes->len > 0 &&
           bsearch(hash, hashes->data, hashes->len / hash_len, hash_len, compare) != NULL;
}

PL_DEFINE_FREEP(openssl_string_freep, char, OPENSSL_free)

static bool hash_modulus(const EVP_PKEY *key, uint8_t out[SHA1_LEN], struct err *e) {
    PL_AUTO(bn_freep) BIGNUM *modulus = NULL;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1) {
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "cannot read the RSA key's modulus");
    }
    PL_AUTO(openssl_string_freep) char *digits = BN_bn2hex(modulus);
    PL_AUTO(buf_clear) struct buf line;
    buf_init(&line, KEY_DER_MAX);
    if (digits == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot write the RSA key's modulus");
    }
    if (!buf_printf(&line, e, "Modulus=%s\n", digits)) {
        return false;
    }
    return EVP_Digest(line.data, line.len, out, NULL, EVP_sha1(), NULL) == 1 ||
           err_set_openssl(e, ERR_BASE_OOM, "cannot compute SHA-1");
}

bool key_known_list_check(const struct key_known_list *list, const EVP_PKEY *key, struct err *e) {
    uint8_t spki_hash[KEY_SPKI_SHA256_LEN];
    uint8_t modulus_hash[SHA1_LEN];
    if (!key_spki_sha256(key, spki_hash, e)) {
        return false;
    }
    if (has_hash(&list->spki_hashes, spki_hash, SPKI_HASH_LEN, compare_spki_hashes)) {
        return refuse("it is in the list of known keys", e);
    }
    if (list->modulus_hashes.len == 0 || key_spec_of(key).family != KEY_RSA) {
        return true;
    }
    if (!hash_modulus(key, modulus_hash, e)) {
        return false;
    }
    return !has_hash(&list->modulus_hashes, modulus_hash + SHA1_LEN - MODULUS_HASH_LEN,
                     MODULUS_HASH_LEN, compare_modulus_hashes) ||
           refuse("it is in the list of known keys", e);
}
