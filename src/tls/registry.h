/*
 * The numbers of TLS that clients offer and servers choose, with their names and a sentence each:
 * cipher suites, groups, signature schemes, extensions, versions. Pure tables.
 *
 * What has a library name can be served; the rest is here to be recognised and explained.
 * Source: the IANA registries "TLS Parameters" and "TLS ExtensionType Values"; RFC 8701 (GREASE)
 */
#ifndef PL_TLS_REGISTRY_H
#define PL_TLS_REGISTRY_H

#include "base/compiler.h"

enum tls_kind {
    TLS_KIND_SUITE,
    TLS_KIND_GROUP,
    TLS_KIND_SCHEME,
    TLS_KIND_EXTENSION,
    TLS_KIND_VERSION,
    TLS_KIND_COUNT
};

enum tls_rating {
    TLS_RATING_GOOD,
    TLS_RATING_FAIR, /* not broken; there is better */
    TLS_RATING_POOR, /* not to be relied on */
    TLS_RATING_NONE, /* nothing to be rated */
};

enum tls_entry_flag {
    TLS_ENTRY_TLS13 = 1,  /* usable in TLS 1.3 */
    TLS_ENTRY_TLS12 = 2,  /* usable in TLS 1.2 */
    TLS_ENTRY_LEGACY = 4, /* usable in TLS 1.0 and 1.1 */
    TLS_ENTRY_EC = 8,     /* goes with an EC key; suites: with Ed25519 too */
    TLS_ENTRY_RSA = 16,
    TLS_ENTRY_ED25519 = 32,
};

struct tls_entry {
    uint16_t code;
    uint8_t rating; /* enum tls_rating */
    uint8_t flags;
    const char *name;    /* IANA's */
    const char *library; /* the TLS library's; NULL: not served here */
    const char *about;   /* a sentence without full stop; "" */
};

/* NULL when the number is not in our table. */
const struct tls_entry *tls_registry_find(enum tls_kind kind, uint16_t code);
/* By IANA's or the library's name, letters in either case; NULL when it is not there. */
const struct tls_entry *tls_registry_named(enum tls_kind kind, const char *name, size_t len);
/* In the table's order; NULL at the end. */
const struct tls_entry *tls_registry_at(enum tls_kind kind, size_t index);

/* Values that clients send so that servers stay tolerant of what they do not know (RFC 8701). */
bool tls_is_grease(uint16_t code);

#endif
