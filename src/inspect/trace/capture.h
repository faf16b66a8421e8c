/*
 * A trace as a capture file that Wireshark opens and decrypts: its records as TCP segments between
 * the two addresses, with the key log inside. What the network really did (segments, losses, the
 * TCP handshake's times) is not known here and made up.
 *
 * Source: draft-ietf-opsawg-pcapng (section header, interface, decryption secrets, enhanced packet)
 */
#ifndef PL_INSPECT_TRACE_CAPTURE_H
#define PL_INSPECT_TRACE_CAPTURE_H

#include "codec/json.h"

enum { TRACE_CAPTURE_MAX = 64 * 1024 * 1024 };

/* The document is not believed to have a certain form. Fails base.oom, base.limit */
bool trace_capture(const json_t *document, struct buf *out, struct err *e) PL_MUST_USE;
/* The key log alone, a line for each secret (SSLKEYLOGFILE). Fails base.oom, base.limit */
bool trace_key_log(const json_t *document, struct buf *out, struct err *e) PL_MUST_USE;

#endif
