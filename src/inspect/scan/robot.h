/*
 * The messages of the test for Bleichenbacher's attack: a ClientKeyExchange whose block, once
 * decrypted, is right or wrong in one way. A server must not show which it was. Pure functions.
 *
 * Source: Böck, Somorovsky, Young: "Return Of Bleichenbacher's Oracle Threat (ROBOT)", USENIX
 * Security 2018, §4; RFC 5246 §7.4.7.1; RFC 8017 §7.2.1
 */
#ifndef PL_INSPECT_SCAN_ROBOT_H
#define PL_INSPECT_SCAN_ROBOT_H

#include "base/buf.h"
#include "inspect/observe/exchange.h"
#include "inspect/wire/reader.h"

enum robot_block {
    ROBOT_RIGHT,         /* 00 02, padding, 00, the version, 46 bytes */
    ROBOT_WRONG_BEGIN,   /* 41 17 in place of 00 02 */
    ROBOT_WRONG_PLACE,   /* the 00 stands near the end: a secret of one byte */
    ROBOT_NO_ZERO,       /* there is no 00 */
    ROBOT_WRONG_VERSION, /* 02 02 */
    ROBOT_BLOCKS
};

enum { ROBOT_MESSAGE_MAX = 4096, ROBOT_KEY_MAX = 2048 };

/* The block itself, len bytes (64 at least) into out. Fails base.random, base.limit */
bool robot_make_block(enum robot_block kind, uint16_t version, const struct observe_random *random,
                      uint8_t *out, size_t len, struct err *e) PL_MUST_USE;

/*
 * Appends the whole handshake message.
 *
 * version  that the client had offered
 * cert     DER, as the server presented it
 * Fails    observe.crypto (its key is none of RSA, or its size unusual), base.random, base.limit
 */
bool robot_key_exchange(enum robot_block kind, uint16_t version, struct wire_span cert,
                        const struct observe_random *random, struct buf *out, struct err *e)
    PL_MUST_USE;

/*
 * Appends, as a record, that we have no certificate: a server that asked for one takes no key
 * exchange before. In SSL 3.0 it is a warning. Fails base.limit
 */
bool robot_no_certificate(uint16_t version, struct buf *out, struct err *e) PL_MUST_USE;

/* Appends ChangeCipherSpec and, as a record, a Finished that no key opens. Fails base.limit */
bool robot_finish(uint16_t version, struct buf *out, struct err *e) PL_MUST_USE;

#endif
