/*
 * The messages of keys/keys.h: a call is its number and its arguments, an answer is whether it went
 * well, then the results or the error. Both sides are here, so that each value is written and read
 * in one place. Private to keys/.
 *
 * Limits: WIRE_MAX bytes a call or an answer; those of keys/keys.h for its parts.
 */
#ifndef PL_KEYS_WIRE_H
#define PL_KEYS_WIRE_H

#include "ipc/pack.h"
#include "keys/keys.h"

enum { WIRE_MAX = 2 * 1024 * 1024, WIRE_DER_MAX = 1024 * 1024 };

enum wire_call {
    WIRE_MAKE = 1,
    WIRE_IMPORT,
    WIRE_PUBLIC,
    WIRE_SIGN_REQUEST,
    WIRE_SIGN_CERTIFICATE,
    WIRE_SIGN_CRL,
    WIRE_TEST,
    WIRE_EXPORT_PFX,
    WIRE_EXPORT_PEM,
    WIRE_SEAL_SECRET,
    WIRE_OPEN_SECRET,
};

void wire_pack_key(struct pack_writer *w, const struct sealed_key *key);
/* The blob is copied: clear with sealed_key_clear(). */
void wire_read_key(struct unpack_reader *r, struct sealed_key *out_key);

void wire_pack_wish(struct pack_writer *w, const struct key_wish *wish);
void wire_read_wish(struct unpack_reader *r, struct key_wish *out_wish);

void wire_pack_names(struct pack_writer *w, const struct request_names *names);
/* Clear with request_names_clear(), also when the reader is broken. */
void wire_read_names(struct unpack_reader *r, struct request_names *out_names);

void wire_pack_secret(struct pack_writer *w, const struct secret *secret);
void wire_read_secret(struct unpack_reader *r, size_t max, struct secret *out_secret);

void wire_pack_cert(struct pack_writer *w, const struct cert *cert);
/* NULL when the reader is broken by it. */
void wire_read_cert(struct unpack_reader *r, struct cert **out_cert);
void wire_pack_certs(struct pack_writer *w, const struct cert_list *certs);
void wire_read_certs(struct unpack_reader *r, size_t max, struct cert_list *out_certs);

/* Overwrites what a call or an answer may have held of secrets. */
void wire_init(struct buf *b);

#endif
