/*
 * The provider of remote keys. Process: net. It has two operations: key management, as much of it
 * as libssl needs to compare a key with its certificate, and digest_sign of two TLS messages.
 *
 * Not done: generating, exporting private parts, signing anything else, verifying.
 */
#include "tls/remote_key.h"

#include "base/mem.h"
#include "base/str.h"
#include "pki/key.h"
#include "pki/openssl.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

#include <string.h>

#define PROVIDER_NAME "padlock-remote"
#define PROVIDER_QUERY "provider=" PROVIDER_NAME
#define PARAM_HANDLE "padlock-handle"

enum { PUBLIC_MAX = 2048 + 64, GROUP_NAME_MAX = 24, DIGEST_NAME_MAX = 24 };

/* The provider's own state; the library context owns it. */
struct provider_state {
    struct remote_signer signer;
    struct err error;
    bool has_error;
};

struct remote_keys {
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *standard;
    OSSL_PROVIDER *provider;
    struct provider_state *shared;
};

/* A public key, and the handle of its private half when it is one of ours and not a certificate's.
 */
struct remote_key {
    struct provider_state *shared;
    enum key_family family;
    int bits;
    int security_bits;
    int signature_max;
    char group[GROUP_NAME_MAX];
    uint8_t digest[32]; /* of the public half in a form of our own, for comparing */
    struct key_handle handle;
};

/* --- key management -----------------------------------------------------------------------------
 */

static struct remote_key *key_new(struct provider_state *state, enum key_family family) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct remote_key), &memory, NULL)) {
        return NULL;
    }
    struct remote_key *key = memory;
    key->shared = state;
    key->family = family;
    return key;
}

static void *new_rsa(void *state) {
    return key_new(state, KEY_RSA);
}

static void *new_ec(void *state) {
    return key_new(state, KEY_EC);
}

static void *new_ed25519(void *state) {
    return key_new(state, KEY_ED25519);
}

static void key_free(void *key) {
    mem_free(key);
}

/* libssl asks for either half; the private one is there for all that it does with it. */
static int key_has(const void *key, int selection) {
    (void)selection;
    return key != NULL;
}

static int key_match(const void *a, const void *b, int selection) {
    (void)selection;
    const struct remote_key *one = a;
    const struct remote_key *two = b;
    return one->family == two->family && memcmp(one->digest, two->digest, sizeof(one->digest)) == 0;
}

static bool append_number(struct buf *out, const OSSL_PARAM *param, int *out_bits) {
    PL_AUTO(bn_freep) BIGNUM *number = NULL;
    if (param == NULL || OSSL_PARAM_get_BN(param, &number) != 1) {
        return false;
    }
    int len = BN_num_bytes(number);
    *out_bits = BN_num_bits(number);
    if (!buf_printf(out, NULL, "%d:", len) || !buf_reserve(out, (size_t)len, NULL)) {
        return false;
    }
    out->len += (size_t)BN_bn2bin(number, out->data + out->len);
    return true;
}

static bool import_rsa(struct remote_key *key, const OSSL_PARAM params[], struct buf *public) {
    int exponent_bits = 0;
    if (!append_number(public, OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_N),
                       &key->bits) ||
        !append_number(public, OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_E),
                       &exponent_bits)) {
        return false;
    }
    key->security_bits = BN_security_bits(key->bits, -1);
    key->signature_max = (key->bits + 7) / 8;
    return key->signature_max <= REMOTE_SIGNATURE_MAX;
}

static bool append_octets(struct buf *out, const OSSL_PARAM *param) {
    return param != NULL && param->data_type == OSSL_PARAM_OCTET_STRING &&
           buf_append(out, param->data, param->data_size, NULL);
}

static bool import_ec(struct remote_key *key, const OSSL_PARAM params[], struct buf *public) {
    static const struct {
        const char *group;
        int bits;
        int security_bits;
        int signature_max; /* DER of two integers */
    } groups[] = {
        {"prime256v1", 256, 128, 72},
        {"secp384r1", 384, 192, 104},
        {"secp521r1", 521, 256, 139},
    };
    char *group = key->group;
    const OSSL_PARAM *name = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME);
    if (name == NULL || OSSL_PARAM_get_utf8_string(name, &group, sizeof(key->group)) != 1 ||
        !buf_append_string(public, group, NULL) ||
        !append_octets(public, OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY))) {
        return false;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(groups); i++) {
        if (str_equal(groups[i].group, group)) {
            key->bits = groups[i].bits;
            key->security_bits = groups[i].security_bits;
            key->signature_max = groups[i].signature_max;
            return true;
        }
    }
    return false;
}

static bool import_ed25519(struct remote_key *key, const OSSL_PARAM params[], struct buf *public) {
    key->bits = 256;
    key->security_bits = 128;
    key->signature_max = 64;
    return append_octets(public, OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY));
}

static bool import_handle(struct remote_key *key, const OSSL_PARAM params[]) {
    const OSSL_PARAM *handle = OSSL_PARAM_locate_const(params, PARAM_HANDLE);
    if (handle == NULL) { /* a certificate's key, for comparing with ours */
        return true;
    }
    if (handle->data_size != sizeof(key->handle)) {
        return false;
    }
    memcpy(&key->handle, handle->data, sizeof(key->handle));
    return true;
}

static int key_import(void *keydata, int selection, const OSSL_PARAM params[]) {
    (void)selection;
    struct remote_key *key = keydata;
    PL_AUTO(buf_clear) struct buf public;
    buf_init(&public, PUBLIC_MAX);
    bool ok = key->family == KEY_RSA  ? import_rsa(key, params, &public)
              : key->family == KEY_EC ? import_ec(key, params, &public)
                                      : import_ed25519(key, params, &public);
    return ok && import_handle(key, params) && sha256(public.data, public.len, key->digest, NULL);
}

static const OSSL_PARAM *key_import_types(int selection) {
    (void)selection;
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string(PARAM_HANDLE, NULL, 0),
        OSSL_PARAM_END,
    };
    return types;
}

static int key_get_params(void *keydata, OSSL_PARAM params[]) {
    const struct remote_key *key = keydata;
    const struct {
        const char *name;
        int value;
    } numbers[] = {
        {OSSL_PKEY_PARAM_BITS, key->bits},
        {OSSL_PKEY_PARAM_SECURITY_BITS, key->security_bits},
        {OSSL_PKEY_PARAM_MAX_SIZE, key->signature_max},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(numbers); i++) {
        OSSL_PARAM *param = OSSL_PARAM_locate(params, numbers[i].name);
        if (param != NULL && OSSL_PARAM_set_int(param, numbers[i].value) != 1) {
            return 0;
        }
    }
    OSSL_PARAM *group = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_GROUP_NAME);
    bool is_ec = key->family == KEY_EC;
    if (is_ec && group != NULL && OSSL_PARAM_set_utf8_string(group, key->group) != 1) {
        return 0;
    }
    /* Ed25519 hashes by itself; the others take SHA-256 when nobody says what. */
    bool is_ed25519 = key->family == KEY_ED25519;
    OSSL_PARAM *digest = OSSL_PARAM_locate(params, is_ed25519 ? OSSL_PKEY_PARAM_MANDATORY_DIGEST
                                                              : OSSL_PKEY_PARAM_DEFAULT_DIGEST);
    return digest == NULL || OSSL_PARAM_set_utf8_string(digest, is_ed25519 ? "" : "SHA256") == 1;
}

static const OSSL_PARAM *key_gettable_params(void *state) {
    (void)state;
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };
    return gettable;
}

static const char *ec_operation_name(int operation) {
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

/* --- signing ------------------------------------------------------------------------------------
 */

struct signature_context {
    struct provider_state *shared;
    const struct remote_key *key; /* the EVP_PKEY outlives the signature */
    bool is_pss;
    char digest[DIGEST_NAME_MAX];
};

static void *signature_new(void *state, const char *query) {
    (void)query;
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct signature_context), &memory, NULL)) {
        return NULL;
    }
    struct signature_context *context = memory;
    context->shared = state;
    return context;
}

static void signature_free(void *context) {
    mem_free(context);
}

static void *signature_dup(void *context) {
    void *copy = NULL;
    return mem_dup(context, sizeof(struct signature_context), &copy, NULL) ? copy : NULL;
}

static bool is_pss_padding(const OSSL_PARAM *param, bool *out_is_pss) {
    if (param->data_type == OSSL_PARAM_UTF8_STRING) {
        *out_is_pss = str_equal(param->data, OSSL_PKEY_RSA_PAD_MODE_PSS);
        return *out_is_pss || str_equal(param->data, OSSL_PKEY_RSA_PAD_MODE_PKCSV15);
    }
    int mode = 0;
    bool is_read = OSSL_PARAM_get_int(param, &mode) == 1;
    *out_is_pss = mode == RSA_PKCS1_PSS_PADDING;
    return is_read && (*out_is_pss || mode == RSA_PKCS1_PADDING);
}

/* TLS has salts as long as the digest, and nothing else is signed here. */
static bool is_digest_salt(const OSSL_PARAM *param) {
    int len = 0;
    return param->data_type == OSSL_PARAM_UTF8_STRING
               ? str_equal(param->data, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST)
               : OSSL_PARAM_get_int(param, &len) == 1 && len == RSA_PSS_SALTLEN_DIGEST;
}

static int signature_set_params(void *ctx, const OSSL_PARAM params[]) {
    struct signature_context *context = ctx;
    const OSSL_PARAM *padding =
        params == NULL ? NULL : OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
    const OSSL_PARAM *salt =
        params == NULL ? NULL : OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
    return (padding == NULL || is_pss_padding(padding, &context->is_pss)) &&
           (salt == NULL || is_digest_salt(salt));
}

static const OSSL_PARAM *signature_settable_params(void *context, void *state) {
    (void)context;
    (void)state;
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_END,
    };
    return settable;
}

static int digest_sign_init(void *ctx, const char *digest, void *key, const OSSL_PARAM params[]) {
    struct signature_context *context = ctx;
    context->key = key == NULL ? context->key : key;
    return str_copy(context->digest, sizeof(context->digest), digest == NULL ? "" : digest) &&
           signature_set_params(context, params);
}

/* RFC 8446 §4.2.3. In TLS 1.2 the curve is free and only the hash is told (RFC 8422 §5.10). */
static uint16_t scheme_of(const struct signature_context *context) {
    static const struct {
        enum key_family family;
        bool is_pss;
        const char *digest;
        const char *alias;
        uint16_t scheme;
    } schemes[] = {
        {KEY_EC, false, "SHA2-256", "SHA256", 0x0403},
        {KEY_EC, false, "SHA2-384", "SHA384", 0x0503},
        {KEY_EC, false, "SHA2-512", "SHA512", 0x0603},
        {KEY_RSA, true, "SHA2-256", "SHA256", 0x0804},
        {KEY_RSA, true, "SHA2-384", "SHA384", 0x0805},
        {KEY_RSA, true, "SHA2-512", "SHA512", 0x0806},
        {KEY_RSA, false, "SHA2-256", "SHA256", 0x0401},
        {KEY_RSA, false, "SHA2-384", "SHA384", 0x0501},
        {KEY_RSA, false, "SHA2-512", "SHA512", 0x0601},
        {KEY_ED25519, false, "", "", 0x0807},
        /* TLS 1.0 and 1.1; the first has no number of its own, 0xFF01 is the library's for it. */
        {KEY_RSA, false, "MD5-SHA1", "MD5-SHA1", 0xFF01},
        {KEY_EC, false, "SHA1", "SHA-1", 0x0203},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(schemes); i++) {
        if (schemes[i].family == context->key->family && schemes[i].is_pss == context->is_pss &&
            (str_equal(schemes[i].digest, context->digest) ||
             str_equal(schemes[i].alias, context->digest))) {
            return schemes[i].scheme;
        }
    }
    return 0;
}

/* RFC 8446 §4.4.3: 64 spaces, the context, a zero byte, the transcript hash. */
static bool is_certificate_verify(const uint8_t *tbs, size_t len, const uint8_t **out_hash,
                                  size_t *out_len) {
    static const char start[] = "                                                                "
                                "TLS 1.3, server CertificateVerify";
    /* The terminating zero is part of the message. */
    size_t start_len = sizeof(start);
    if (len < start_len || memcmp(tbs, start, start_len) != 0) {
        return false;
    }
    *out_hash = tbs + start_len;
    *out_len = len - start_len;
    return *out_len == 32 || *out_len == 48;
}

/* RFC 5246 §7.4.3 with RFC 8422 §5.4: both randoms, named_curve (3), group, a point that fills the
 * rest. */
static bool is_server_key_exchange(const uint8_t *tbs, size_t len) {
    const size_t randoms = 64;
    return len > randoms + 4 && len <= REMOTE_INPUT_MAX && tbs[randoms] == 3 &&
           tbs[randoms + 3] > 0 && len == randoms + 4 + tbs[randoms + 3];
}

static bool ask_signer(const struct signature_context *context, const uint8_t *tbs, size_t tbs_len,
                       uint8_t signature[REMOTE_SIGNATURE_MAX], size_t *out_len, struct err *e) {
    const struct remote_signer *signer = &context->shared->signer;
    const struct key_handle *handle = &context->key->handle;
    uint16_t scheme = scheme_of(context);
    const uint8_t *hash = NULL;
    size_t hash_len = 0;
    if (scheme == 0) {
        return err_set(e, ERR_TLS_SIGN_REFUSED, "no signature scheme for digest \"%s\"",
                       context->digest);
    }
    if (is_certificate_verify(tbs, tbs_len, &hash, &hash_len)) {
        return signer->sign(signer->ctx, handle, REMOTE_TLS13_SERVER_VERIFY, scheme, hash, hash_len,
                            signature, out_len, e);
    }
    if (is_server_key_exchange(tbs, tbs_len)) {
        return signer->sign(signer->ctx, handle, REMOTE_TLS12_SERVER_KEY_EXCHANGE, scheme, tbs,
                            tbs_len, signature, out_len, e);
    }
    return err_set(e, ERR_TLS_SIGN_REFUSED,
                   "what should be signed is no server's handshake message");
}

static int digest_sign(void *ctx, unsigned char *out, size_t *out_len, size_t out_size,
                       const unsigned char *tbs, size_t tbs_len) {
    struct signature_context *context = ctx;
    if (out == NULL) { /* libssl asks for the size first */
        *out_len = (size_t)context->key->signature_max;
        return 1;
    }
    uint8_t signature[REMOTE_SIGNATURE_MAX];
    size_t len = 0;
    struct err e = {0};
    bool ok = ask_signer(context, tbs, tbs_len, signature, &len, &e);
    if (ok && (len == 0 || len > out_size)) {
        ok = err_set(&e, ERR_TLS_SIGN_REFUSED, "a signature of %zu bytes came back", len);
    }
    if (!ok) {
        context->shared->error = e;
        context->shared->has_error = true;
        return 0;
    }
    memcpy(out, signature, len);
    *out_len = len;
    return 1;
}

/* --- the provider
 * --------------------------------------------------------------------------------- */

typedef void (*dispatch_fn)(void);
#define KEY_FUNCTIONS(new_function)                                                                \
    {OSSL_FUNC_KEYMGMT_NEW, (dispatch_fn)(new_function)},                                          \
        {OSSL_FUNC_KEYMGMT_FREE, (dispatch_fn)key_free},                                           \
        {OSSL_FUNC_KEYMGMT_HAS, (dispatch_fn)key_has},                                             \
        {OSSL_FUNC_KEYMGMT_MATCH, (dispatch_fn)key_match},                                         \
        {OSSL_FUNC_KEYMGMT_IMPORT, (dispatch_fn)key_import},                                       \
        {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (dispatch_fn)key_import_types},                           \
        {OSSL_FUNC_KEYMGMT_GET_PARAMS, (dispatch_fn)key_get_params}, {                             \
        OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (dispatch_fn)key_gettable_params                        \
    }

static const OSSL_DISPATCH rsa_key_functions[] = {KEY_FUNCTIONS(new_rsa), {0, NULL}};
static const OSSL_DISPATCH ec_key_functions[] = {
    KEY_FUNCTIONS(new_ec),
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (dispatch_fn)ec_operation_name},
    {0, NULL}};
static const OSSL_DISPATCH ed25519_key_functions[] = {KEY_FUNCTIONS(new_ed25519), {0, NULL}};

static const OSSL_DISPATCH signature_functions[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, (dispatch_fn)signature_new},
    {OSSL_FUNC_SIGNATURE_FREECTX, (dispatch_fn)signature_free},
    {OSSL_FUNC_SIGNATURE_DUPCTX, (dispatch_fn)signature_dup},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (dispatch_fn)digest_sign_init},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (dispatch_fn)digest_sign},
    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (dispatch_fn)signature_set_params},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (dispatch_fn)signature_settable_params},
    {0, NULL}};

static const OSSL_ALGORITHM key_algorithms[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROVIDER_QUERY, rsa_key_functions, NULL},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", PROVIDER_QUERY, ec_key_functions, NULL},
    {"ED25519:1.3.101.112", PROVIDER_QUERY, ed25519_key_functions, NULL},
    {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM signature_algorithms[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROVIDER_QUERY, signature_functions, NULL},
    {"ECDSA", PROVIDER_QUERY, signature_functions, NULL},
    {"ED25519:1.3.101.112", PROVIDER_QUERY, signature_functions, NULL},
    {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM *provider_query(void *state, int operation, int *no_cache) {
    (void)state;
    *no_cache = 0;
    return operation == OSSL_OP_KEYMGMT     ? key_algorithms
           : operation == OSSL_OP_SIGNATURE ? signature_algorithms
                                            : NULL;
}

static void provider_teardown(void *state) {
    mem_free(state);
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **out_state) {
    (void)handle;
    (void)in;
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (dispatch_fn)provider_query},
        {OSSL_FUNC_PROVIDER_TEARDOWN, (dispatch_fn)provider_teardown},
        {0, NULL}};
    *out = functions;
    return mem_alloc(sizeof(struct provider_state), out_state, NULL);
}

bool remote_keys_new(OSSL_LIB_CTX *library, const struct remote_signer *signer,
                     struct remote_keys **out_keys, struct err *e) {
    PL_BUG_UNLESS(library != NULL);
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct remote_keys), &memory, e)) {
        return false;
    }
    PL_AUTO(remote_keys_freep) struct remote_keys *keys = memory;
    keys->library = library;
    /* The default provider comes first: it is what a fetch without a query shall find. */
    keys->standard = OSSL_PROVIDER_load(library, "default");
    if (keys->standard == NULL ||
        OSSL_PROVIDER_add_builtin(library, PROVIDER_NAME, provider_init) != 1) {
        return err_set_openssl(e, ERR_TLS_PROVIDER, "the TLS library has no default provider");
    }
    keys->provider = OSSL_PROVIDER_load(library, PROVIDER_NAME);
    if (keys->provider == NULL) {
        return err_set_openssl(e, ERR_TLS_PROVIDER, "the provider of remote keys was refused");
    }
    keys->shared = OSSL_PROVIDER_get0_provider_ctx(keys->provider);
    keys->shared->signer = *signer;
    *out_keys = PL_TAKE(keys);
    return true;
}

void remote_keys_free(struct remote_keys *keys) {
    if (keys == NULL) {
        return;
    }
    if (keys->provider != NULL) {
        (void)OSSL_PROVIDER_unload(keys->provider);
    }
    if (keys->standard != NULL) {
        (void)OSSL_PROVIDER_unload(keys->standard);
    }
    mem_free(keys);
}

bool remote_keys_take_error(struct remote_keys *keys, struct err *out_error) {
    if (!keys->shared->has_error) {
        return false;
    }
    *out_error = keys->shared->error;
    keys->shared->has_error = false;
    return true;
}

/* --- keys
 * ------------------------------------------------------------------------------------------ */

PL_DEFINE_FREEP(param_freep, OSSL_PARAM, OSSL_PARAM_free)

static const char *algorithm_of(EVP_PKEY *public_key) {
    struct key_spec spec = key_spec_of(public_key);
    switch (spec.family) {
    case KEY_RSA:
        return "RSA";
    case KEY_EC:
        return "EC";
    case KEY_ED25519:
        return "ED25519";
    case KEY_OTHER:
        break;
    }
    return NULL;
}

static bool import_with_handle(struct remote_keys *keys, const char *algorithm,
                               const struct key_handle *handle, EVP_PKEY *public_key,
                               EVP_PKEY **out_key, struct err *e) {
    PL_AUTO(param_freep) OSSL_PARAM *public = NULL;
    struct key_handle copy = *handle;
    OSSL_PARAM own[] = {OSSL_PARAM_construct_octet_string(PARAM_HANDLE, &copy, sizeof(copy)),
                        OSSL_PARAM_construct_end()};
    if (EVP_PKEY_todata(public_key, EVP_PKEY_PUBLIC_KEY, &public) != 1) {
        return err_set_openssl(e, ERR_TLS_KEY_FAMILY, "a certificate's public key cannot be read");
    }
    OSSL_PARAM *merged = OSSL_PARAM_merge(public, own);
    PL_AUTO(evp_pkey_ctx_freep)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(keys->library, algorithm, PROVIDER_QUERY);
    bool ok = merged != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
              EVP_PKEY_fromdata(context, out_key, EVP_PKEY_PUBLIC_KEY, merged) == 1;
    OPENSSL_free(merged); /* the list alone; its content is public's and own's */
    return ok ||
           err_set_openssl(e, ERR_TLS_KEY_FAMILY, "a certificate has a key that TLS cannot use");
}

bool remote_key_new(struct remote_keys *keys, const struct key_handle *handle, EVP_PKEY *public_key,
                    EVP_PKEY **out_key, struct err *e) {
    uint8_t spki[KEY_SPKI_SHA256_LEN];
    const char *algorithm = algorithm_of(public_key);
    if (algorithm == NULL) {
        return err_set(e, ERR_TLS_KEY_FAMILY, "a certificate's key is not RSA, EC or Ed25519");
    }
    if (!key_spki_sha256(public_key, spki, e)) {
        return false;
    }
    if (memcmp(spki, handle->spki_sha256, sizeof(spki)) != 0) {
        return err_set(e, ERR_TLS_KEY_MISMATCH, "the certificate belongs to another key");
    }
    return import_with_handle(keys, algorithm, handle, public_key, out_key, e);
}
