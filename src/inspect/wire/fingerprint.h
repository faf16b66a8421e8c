/*
 * Fingerprints of what a server answers: JA3S and JA4S of its ServerHello, JA4X of a certificate.
 * They are the same for servers of one kind, set up in one way, when the same is offered to them.
 * Pure functions.
 *
 * Source: Salesforce's "JA3 and JA3S"; FoxIO's technical details of JA4S and JA4X. GREASE (RFC
 * 8701) is left out, as Wireshark does.
 * Limits: WIRE_PRINT_EXTENSIONS_MAX extensions of a hello; what is beyond does not count.
 */
#ifndef PL_INSPECT_WIRE_FINGERPRINT_H
#define PL_INSPECT_WIRE_FINGERPRINT_H

#include "inspect/wire/hello.h"
#include "pki/cert.h"

enum {
    WIRE_JA3S_SIZE = 32 + 1,
    WIRE_JA4S_SIZE = 7 + 1 + 4 + 1 + 12 + 1, /* "t130200_1301_a56c5b993250" */
    WIRE_JA4X_SIZE = 12 + 1 + 12 + 1 + 12 + 1,
    WIRE_PRINT_EXTENSIONS_MAX = 1024,
    WIRE_FINGERPRINT_TEXT_MAX = 512 * 1024, /* of what a fingerprint is made of */
};

struct wire_server_print {
    char ja3s[WIRE_JA3S_SIZE];
    char ja4s[WIRE_JA4S_SIZE];
};

/*
 * hello      as wire_server_hello_read() read it: with its list of extensions
 * ja3s_text  what JA3S is the MD5 of, ja4s_text what JA4S is made of (JA4S_r): appended; NULL: not
 *            wanted
 * Fails      base.oom, base.limit
 */
bool wire_fingerprint_server(const struct wire_server_hello *hello,
                             struct wire_server_print *out_print, struct buf *ja3s_text,
                             struct buf *ja4s_text, struct err *e) PL_MUST_USE;

/* text: what it is made of (JA4X_r); appended; NULL: not wanted. Fails base.oom, base.limit */
bool wire_fingerprint_certificate(const struct cert *cert, char out[WIRE_JA4X_SIZE],
                                  struct buf *text, struct err *e) PL_MUST_USE;

#endif
