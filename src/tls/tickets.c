/* Ticket keys in memory. Process: net (and whoever hands them over). */
#include "tls/tickets.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/secret.h"
#include "pki/openssl.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <string.h>

struct tickets {
    EVP_CIPHER *aes; /* fetched once: a fetch per ticket takes locks */
    int64_t lifetime_ms;
    bool makes_own;
    size_t count;
    struct ticket_key keys[TICKET_KEYS_MAX]; /* by not_before_ms, newest first */
};

bool tickets_new(OSSL_LIB_CTX *library, int64_t lifetime_ms, bool makes_own,
                 struct tickets **out_tickets, struct err *e) {
    PL_BUG_UNLESS(lifetime_ms >= CLOCK_SECOND_MS);
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct tickets), &memory, e)) {
        return false;
    }
    PL_AUTO(tickets_freep) struct tickets *tickets = memory;
    tickets->lifetime_ms = lifetime_ms;
    tickets->makes_own = makes_own;
    tickets->aes = EVP_CIPHER_fetch(library, "AES-256-CBC", NULL);
    if (tickets->aes == NULL) {
        return err_set_openssl(e, ERR_TLS_PROVIDER, "the TLS library has no AES-256-CBC");
    }
    *out_tickets = PL_TAKE(tickets);
    return true;
}

void tickets_free(struct tickets *tickets) {
    if (tickets == NULL) {
        return;
    }
    EVP_CIPHER_free(tickets->aes);
    secret_cleanse(tickets->keys, sizeof(tickets->keys));
    mem_free(tickets);
}

static const struct ticket_key *find_name(const struct tickets *tickets,
                                          const uint8_t name[TICKET_NAME_LEN]) {
    for (size_t i = 0; i < tickets->count; i++) {
        if (memcmp(tickets->keys[i].name, name, TICKET_NAME_LEN) == 0) {
            return &tickets->keys[i];
        }
    }
    return NULL;
}

void tickets_add(struct tickets *tickets, const struct ticket_key *key) {
    if (find_name(tickets, key->name) != NULL) {
        return;
    }
    size_t at = 0;
    while (at < tickets->count && tickets->keys[at].not_before_ms > key->not_before_ms) {
        at++;
    }
    if (at == TICKET_KEYS_MAX) {
        return; /* older than all that are kept */
    }
    size_t moved = tickets->count - at - (tickets->count == TICKET_KEYS_MAX ? 1 : 0);
    memmove(&tickets->keys[at + 1], &tickets->keys[at], moved * sizeof(*key));
    tickets->keys[at] = *key;
    tickets->count += tickets->count < TICKET_KEYS_MAX ? 1 : 0;
}

static const struct ticket_key *newest_at(const struct tickets *tickets, int64_t now_ms) {
    for (size_t i = 0; i < tickets->count; i++) {
        if (tickets->keys[i].not_before_ms <= now_ms) {
            return &tickets->keys[i];
        }
    }
    return NULL;
}

const struct ticket_key *tickets_current(struct tickets *tickets, int64_t now_ms) {
    const struct ticket_key *newest = newest_at(tickets, now_ms);
    bool is_fresh = newest != NULL && now_ms - newest->not_before_ms < tickets->lifetime_ms / 4;
    struct ticket_key made = {.not_before_ms = now_ms};
    if (is_fresh || !tickets->makes_own || !random_bytes(made.name, sizeof(made.name), NULL) ||
        !random_bytes(made.aes, sizeof(made.aes), NULL) ||
        !random_bytes(made.mac, sizeof(made.mac), NULL)) {
        return newest;
    }
    tickets_add(tickets, &made);
    secret_cleanse(&made, sizeof(made));
    return newest_at(tickets, now_ms);
}

const struct ticket_key *tickets_find(const struct tickets *tickets,
                                      const uint8_t name[TICKET_NAME_LEN], int64_t now_ms) {
    const struct ticket_key *key = find_name(tickets, name);
    bool is_alive = key != NULL && now_ms - key->not_before_ms < tickets->lifetime_ms / 4 * 5;
    return is_alive ? key : NULL;
}

static bool start_mac(EVP_MAC_CTX *mac, const struct ticket_key *key) {
    char digest[] = "SHA256";
    uint8_t secret[sizeof(key->mac)];
    memcpy(secret, key->mac, sizeof(secret));
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret, sizeof(secret)),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    bool ok = EVP_MAC_CTX_set_params(mac, params) == 1;
    secret_cleanse(secret, sizeof(secret));
    return ok;
}

int tickets_protect(struct tickets *tickets, uint8_t name[TICKET_NAME_LEN], uint8_t *iv,
                    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool is_encrypting) {
    int64_t now_ms = clock_now_ms();
    const struct ticket_key *current = tickets_current(tickets, now_ms);
    const struct ticket_key *key = is_encrypting ? current : tickets_find(tickets, name, now_ms);
    if (key == NULL) {
        return 0;
    }
    if (is_encrypting) {
        memcpy(name, key->name, TICKET_NAME_LEN);
        if (!random_bytes(iv, (size_t)EVP_CIPHER_get_iv_length(tickets->aes), NULL)) {
            return -1;
        }
    }
    bool ok =
        EVP_CipherInit_ex(cipher, tickets->aes, NULL, key->aes, iv, is_encrypting ? 1 : 0) == 1 &&
        start_mac(mac, key);
    return !ok ? -1 : key == current ? 1 : 2;
}
