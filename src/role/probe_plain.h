/*
 * What the process "probe" says on a connection before TLS begins, where a protocol asks for TLS in
 * its own words; and bytes on a socket until a deadline (clock_monotonic_ms()). Blocking: for
 * threads. inspect/observe/starttls.h has the protocols.
 */
#ifndef PL_ROLE_PROBE_PLAIN_H
#define PL_ROLE_PROBE_PLAIN_H

#include "base/compiler.h"
#include "base/err.h"
#include "inspect/observe/starttls.h"

enum { PROBE_READ_SIZE = 16 * 1024 };

/* False when the other side has gone, or the deadline. What was sent is consumed. */
bool probe_send_all(int fd, struct buf *bytes, int64_t deadline_ms);

enum probe_received { PROBE_BYTES, PROBE_END, PROBE_NOTHING };
enum probe_received probe_receive(int fd, uint8_t bytes[PROBE_READ_SIZE], size_t *out_len,
                                  int64_t deadline_ms);

struct probe_plain {
    int fd;
    int64_t deadline_ms;
    const char *protocol; /* starttls_find()'s name */
    const char *host;
    /* Each run of bytes as it is said, but for what is TLS already; may be NULL. */
    bool (*said)(void *ctx, bool is_server, const uint8_t *bytes, size_t len, struct err *e);
    void *ctx;
};

/*
 * Talks until TLS may begin: then true in *out_is_ready, and what is left in s->in is TLS already.
 * s      zeroed; the caller clears it
 * Fails  inspect.option (there is no such protocol), what said() fails
 */
bool probe_ask_for_tls(const struct probe_plain *plain, struct starttls *s, bool *out_is_ready,
                       struct err *e) PL_MUST_USE;

/* Why not, as a sentence; it has the server's words in it. */
enum { PROBE_REFUSAL_SIZE = 400 };
void probe_tell_refusal(const struct starttls *s, char out_sentence[PROBE_REFUSAL_SIZE]);

#endif
