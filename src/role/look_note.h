/*
 * What the command line and probe tell each other of servers that are to be looked at, and of what
 * is to be fetched.
 */
#ifndef PL_ROLE_LOOK_NOTE_H
#define PL_ROLE_LOOK_NOTE_H

#include "http/fetch.h"
#include "ipc/pack.h"
#include "ops/ops.h"
#include "tls/client.h"

enum {
    LOOK_NOTE_TEXT = 256,
    LOOK_NOTE_MAX = 4096,
    LOOK_NOTE_SEEN_MAX = 256 * 1024,
    LOOK_NOTE_TIMEOUT_MAX_MS = 10 * 60 * 1000,
    FETCH_NOTE_MAX = 32 * 1024,
    FETCH_NOTE_BODY_MAX = 16 * 1024 * 1024,
};

void look_note_pack(const struct look_wish *wish, struct pack_writer *w);
/* Texts are borrowed from the message. */
bool look_note_read(const uint8_t *bytes, size_t len, struct look_wish *out_wish) PL_MUST_USE;

/* It fits: OpenSSL takes 100 KiB of certificates, and each proof has TLS_LOOK_PROOF_MAX bytes. */
void look_note_pack_seen(const struct tls_look *look, struct pack_writer *w);
/*
 * There is at least one certificate. The caller clears the look.
 * Fails ipc.malformed, pki.cert.*, base.oom
 */
bool look_note_read_seen(const uint8_t *bytes, size_t len, struct tls_look *out_look, struct err *e)
    PL_MUST_USE;

/* body_max: bytes that what is fetched may have. */
void fetch_note_pack(const struct fetch_wish *wish, size_t body_max, struct pack_writer *w);
/* Texts and content are borrowed from the message. */
bool fetch_note_read(const uint8_t *bytes, size_t len, struct fetch_wish *out_wish,
                     size_t *out_body_max) PL_MUST_USE;

#endif
