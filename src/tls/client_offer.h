/*
 * What a client offered in its ClientHello, kept for the connection's life in a few hundred bytes:
 * numbers alone, without keys and randoms. And its fingerprint, JA4.
 *
 * Limits: CLIENT_OFFER_MAX bytes of lists; what is beyond is not kept, and the offer says so.
 * Source: RFC 8446 §4.1.2; FoxIO's "JA4: TLS Client Fingerprinting" (BSD 3-Clause)
 */
#ifndef PL_TLS_CLIENT_OFFER_H
#define PL_TLS_CLIENT_OFFER_H

#include "base/buf.h"
#include "codec/client_hello.h"

enum {
    CLIENT_OFFER_MAX = 2048,
    CLIENT_OFFER_JA4_SIZE = 10 + 1 + 12 + 1 + 12 + 1, /* "t13d1516h2_8daaf6152771_e5627efa2ab1" */
};

enum client_offer_list {
    CLIENT_OFFER_VERSIONS, /* supported_versions; none before TLS 1.3 */
    CLIENT_OFFER_SUITES,
    CLIENT_OFFER_GROUPS,
    CLIENT_OFFER_KEY_SHARES, /* groups for which a key came along */
    CLIENT_OFFER_SCHEMES,
    CLIENT_OFFER_EXTENSIONS,
    CLIENT_OFFER_LIST_COUNT
};

struct client_offer;

/* Fails base.oom. Caller owns, client_offer_free(). */
bool client_offer_new(const struct client_hello *hello, struct client_offer **out_offer,
                      struct err *e) PL_MUST_USE;
void client_offer_free(struct client_offer *offer);
PL_DEFINE_FREEP(client_offer_freep, struct client_offer, client_offer_free)

/* True when the lists were too long to be kept whole. */
bool client_offer_is_cut(const struct client_offer *offer);
uint16_t client_offer_legacy_version(const struct client_offer *offer);

/* In the client's order, GREASE included. */
size_t client_offer_count(const struct client_offer *offer, enum client_offer_list list);
uint16_t client_offer_at(const struct client_offer *offer, enum client_offer_list list,
                         size_t index);
bool client_offer_has(const struct client_offer *offer, enum client_offer_list list,
                      uint16_t value);

/* The ALPN protocols in order; *cursor begins at 0. Any bytes. False at the end. */
bool client_offer_next_protocol(const struct client_offer *offer, size_t *cursor,
                                const uint8_t **out_name, size_t *out_len);

/*
 * The fingerprint, and in raw (may be NULL; appended) the lists that it is made of (JA4_r). Only of
 * offers that are not cut. Fails base.oom.
 */
bool client_offer_ja4(const struct client_offer *offer, char out[CLIENT_OFFER_JA4_SIZE],
                      struct buf *raw, struct err *e) PL_MUST_USE;

#endif
