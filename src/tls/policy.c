/*
 * The table of policies and how one becomes an SSL_CTX.
 *
 * Suites of equal strength are ordered by cost: AES-128-GCM before AES-256-GCM saves the server
 * about a tenth of a handshake (SHA-256 instead of SHA-384 in the key schedule); a client without
 * AES hardware that puts ChaCha20 first gets ChaCha20.
 */
#include "tls/policy.h"

#include "base/mem.h"
#include "base/str.h"
#include "pki/openssl.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string.h>

#define SUITES_TLS13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define SUITES_ECDHE_AEAD                                                                          \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                   \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                   \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define SUITES_ECDHE_CBC                                                                           \
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:"                    \
    "ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:"                      \
    "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"
/* A name with "?" is left out where the library does not know it (OpenSSL before 3.5). */
#define GROUPS "?X25519MLKEM768:X25519:prime256v1:secp384r1"
#define SCHEMES_TLS13                                                                              \
    "ecdsa_secp256r1_sha256:ed25519:rsa_pss_rsae_sha256:ecdsa_secp384r1_sha384:"                   \
    "rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:ecdsa_secp521r1_sha512"
#define SCHEMES_TLS12 SCHEMES_TLS13 ":rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512"

static const struct tls_policy policies[] = {
    {
        .name = "intermediate",
        .about = "TLS 1.2 and 1.3 with forward secrecy: for everyone (Mozilla's recommendation)",
        .version_min = TLS1_2_VERSION,
        .version_max = TLS1_3_VERSION,
        .suites_tls13 = SUITES_TLS13,
        .suites_tls12 = SUITES_ECDHE_AEAD,
        .groups = GROUPS,
        .signature_schemes = SCHEMES_TLS12,
        .security_level = 2,
    },
    {
        .name = "modern",
        .about = "TLS 1.3 alone: for clients from 2019 on",
        .version_min = TLS1_3_VERSION,
        .version_max = TLS1_3_VERSION,
        .suites_tls13 = SUITES_TLS13,
        .suites_tls12 = "",
        .groups = GROUPS,
        .signature_schemes = SCHEMES_TLS13,
        .security_level = 2,
    },
    {
        .name = "old",
        .about = "TLS 1.0 to 1.3: for clients that can nothing newer, and for them alone",
        .version_min = TLS1_VERSION,
        .version_max = TLS1_3_VERSION,
        .suites_tls13 = SUITES_TLS13,
        .suites_tls12 = SUITES_ECDHE_AEAD ":" SUITES_ECDHE_CBC,
        .groups = GROUPS,
        .signature_schemes = SCHEMES_TLS12,
        /* TLS 1.0 and 1.1 sign with SHA-1 and MD5. */
        .security_level = 0,
    },
};

const struct tls_policy *tls_policy_at(size_t index) {
    return index < PL_ARRAY_LEN(policies) ? &policies[index] : NULL;
}

const struct tls_policy *tls_policy_find(const char *name) {
    for (size_t i = 0; i < PL_ARRAY_LEN(policies); i++) {
        if (str_equal(policies[i].name, name)) {
            return &policies[i];
        }
    }
    return NULL;
}

const struct tls_policy *tls_policy_default(void) {
    return &policies[0];
}

bool tls_policy_fingerprint(const struct tls_policy *policy,
                            uint8_t out[TLS_POLICY_FINGERPRINT_LEN], struct err *e) {
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, 16 * 1024);
    uint8_t digest[32];
    if (!buf_printf(&text, e, "%x|%x|%s|%s|%s|%s|%d", (unsigned)policy->version_min,
                    (unsigned)policy->version_max, policy->suites_tls13, policy->suites_tls12,
                    policy->groups, policy->signature_schemes, policy->security_level) ||
        !sha256(text.data, text.len, digest, e)) {
        return false;
    }
    memcpy(out, digest, TLS_POLICY_FINGERPRINT_LEN);
    return true;
}

/* SSL_CTX_set1_groups_list and its like take a text that is not const, which they only read. */
static bool set_list(SSL_CTX *context, int command, const char *list) {
    PL_AUTO(mem_freep) char *copy = NULL;
    return mem_strdup(list, &copy, NULL) && SSL_CTX_ctrl(context, command, 0, copy) == 1;
}

/* Appends one group unless it is optional ("?") and the library does not know it. */
static bool keep_group(SSL_CTX *context, const char *group, size_t len, struct buf *out,
                       struct err *e) {
    bool is_optional = group[0] == '?';
    group += is_optional ? 1 : 0;
    len -= is_optional ? 1 : 0;
    PL_AUTO(mem_freep) char *name = NULL;
    if (!mem_printf(&name, e, "%.*s", (int)len, group)) {
        return false;
    }
    if (is_optional && !set_list(context, SSL_CTRL_SET_GROUPS_LIST, name)) {
        ERR_clear_error();
        return true;
    }
    return buf_printf(out, e, "%s%s", out->len == 0 ? "" : ":", name);
}

static bool set_groups(SSL_CTX *context, const struct tls_policy *policy, struct err *e) {
    PL_AUTO(buf_clear) struct buf known;
    buf_init(&known, 1024);
    const char *at = policy->groups;
    while (*at != '\0') {
        size_t len = strcspn(at, ":");
        if (!keep_group(context, at, len, &known, e)) {
            return false;
        }
        at += len + (at[len] == ':' ? 1 : 0);
    }
    if (known.len == 0 || !set_list(context, SSL_CTRL_SET_GROUPS_LIST, buf_string(&known))) {
        return err_set_openssl(e, ERR_TLS_POLICY_UNSUPPORTED,
                               "the TLS library has not the groups of policy \"%s\"", policy->name);
    }
    return true;
}

static void set_behaviour(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_timeout(context, TLS_TICKET_LIFETIME_S);
    /* One ticket costs a twentieth of a handshake; clients that want several ask again. */
    (void)SSL_CTX_set_num_tickets(context, 1);
    (void)SSL_CTX_set_max_early_data(context, 0);
    (void)SSL_CTX_set_recv_max_early_data(context, 0);
    SSL_CTX_set_quiet_shutdown(context, 0);
}

bool tls_policy_new_context(const struct tls_policy *policy, OSSL_LIB_CTX *library,
                            SSL_CTX **out_context, struct err *e) {
    SSL_CTX *context = SSL_CTX_new_ex(library, NULL, TLS_server_method());
    if (context == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    set_behaviour(context);
    SSL_CTX_set_security_level(context, policy->security_level);
    bool is_set = SSL_CTX_set_min_proto_version(context, policy->version_min) == 1 &&
                  SSL_CTX_set_max_proto_version(context, policy->version_max) == 1 &&
                  SSL_CTX_set_ciphersuites(context, policy->suites_tls13) == 1 &&
                  (policy->suites_tls12[0] == '\0' ||
                   SSL_CTX_set_cipher_list(context, policy->suites_tls12) == 1) &&
                  (policy->signature_schemes[0] == '\0' ||
                   set_list(context, SSL_CTRL_SET_SIGALGS_LIST, policy->signature_schemes));
    if (!is_set) {
        (void)err_set_openssl(e, ERR_TLS_POLICY_UNSUPPORTED,
                              "the TLS library has nothing of policy \"%s\"", policy->name);
    }
    if (!is_set || !set_groups(context, policy, e)) {
        SSL_CTX_free(context);
        return false;
    }
    *out_context = context;
    return true;
}

const char *tls_version_text(int version) {
    static const struct {
        int version;
        const char *text;
    } versions[] = {
        {TLS1_3_VERSION, "TLS 1.3"}, {TLS1_2_VERSION, "TLS 1.2"}, {TLS1_1_VERSION, "TLS 1.1"},
        {TLS1_VERSION, "TLS 1.0"},   {SSL3_VERSION, "SSL 3.0"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(versions); i++) {
        if (versions[i].version == version) {
            return versions[i].text;
        }
    }
    return "unknown";
}
