/*
 * Keys for session tickets, rotated: a new one every quarter of a ticket's lifetime, each accepted
 * for five quarters, so that a ticket is good for its whole lifetime and a stolen key for little
 * more.
 *
 * Source: RFC 5077 §4 (the ticket's form), RFC 8446 §4.6.1
 */
#ifndef PL_TLS_TICKETS_H
#define PL_TLS_TICKETS_H

#include "base/compiler.h"
#include "base/err.h"

#include <openssl/types.h>

struct tickets;

enum { TICKET_NAME_LEN = 16, TICKET_KEYS_MAX = 8 };

struct ticket_key {
    uint8_t name[TICKET_NAME_LEN];
    uint8_t aes[32];
    uint8_t mac[32];
    int64_t not_before_ms; /* from then on it may encrypt */
};

/*
 * lifetime_ms  of a ticket, ≥ 1000
 * makes_own    keys are made here as they are needed; else only tickets_add() brings them
 * Fails        base.oom, tls.provider
 */
bool tickets_new(OSSL_LIB_CTX *library, int64_t lifetime_ms, bool makes_own,
                 struct tickets **out_tickets, struct err *e) PL_MUST_USE;
void tickets_free(struct tickets *tickets); /* overwrites the keys */
PL_DEFINE_FREEP(tickets_freep, struct tickets, tickets_free)

/* Adds a key that all nodes share; the oldest makes room. One that is there already is left alone.
 */
void tickets_add(struct tickets *tickets, const struct ticket_key *key);

/*
 * The key that encrypts now: the newest whose time has come. Makes one when there is none younger
 * than a quarter of the lifetime and makes_own was said. NULL when there is none.
 */
const struct ticket_key *tickets_current(struct tickets *tickets, int64_t now_ms);
/* By a ticket's name; NULL when it is unknown or older than five quarters of the lifetime. */
const struct ticket_key *tickets_find(const struct tickets *tickets,
                                      const uint8_t name[TICKET_NAME_LEN], int64_t now_ms);

/*
 * Does the work of SSL_CTX_set_tlsext_ticket_key_evp_cb's callback: sets up cipher and mac for one
 * ticket. Returns what that callback returns: -1 failed, 0 no such key, 1 done, 2 done and to be
 * renewed.
 */
int tickets_protect(struct tickets *tickets, uint8_t name[TICKET_NAME_LEN], uint8_t *iv,
                    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool is_encrypting);

#endif
