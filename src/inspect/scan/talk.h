/*
 * One connection of a scan, sans-I/O: bytes and times go in, bytes come out, and at the end there
 * is an answer. Speaks STARTTLS first where that is asked for.
 *
 * Runs in the process "probe"; what the server sends is hostile.
 * Limits: TALK_IN_MAX bytes in the clear, the trace's limits for whole handshakes. Of what a
 * server with Heartbleed gives away (4352 bytes are asked for), nothing is kept.
 * Source: RFC 8446 §5.1; "SSL 2.0 Protocol Specification" (Hickman, 1995); RFC 6520
 */
#ifndef PL_INSPECT_SCAN_TALK_H
#define PL_INSPECT_SCAN_TALK_H

#include "inspect/scan/answer.h"
#include "inspect/scan/ask.h"

enum { TALK_IN_MAX = 1024 * 1024 };

enum talk_status {
    TALK_GOES_ON, /* send what is to be sent, then give it more */
    TALK_OVER,    /* send, close; the answer is whole */
};

struct talk;

/* ask: borrowed until the talk is freed. Fails base.oom */
bool talk_new(const struct scan_ask *ask, const struct observe_random *random,
              struct talk **out_talk, struct err *e) PL_MUST_USE;
void talk_free(struct talk *talk);
PL_DEFINE_FREEP(talk_freep, struct talk, talk_free)

/* Times are microseconds since the connection stood. */
enum talk_status talk_start(struct talk *t, int64_t time_us) PL_MUST_USE;
enum talk_status talk_receive(struct talk *t, const uint8_t *bytes, size_t len, int64_t time_us)
    PL_MUST_USE;
/* The server has closed, or said nothing within talk_patience_ms(), after which we may speak again.
 */
enum talk_status talk_end(struct talk *t, bool is_timeout, int64_t time_us) PL_MUST_USE;

/* How long silence means nothing yet; 0: as long as the connection may take. */
int64_t talk_patience_ms(const struct talk *t);
struct buf *talk_output(struct talk *t);
struct scan_answer *talk_answer(struct talk *t); /* borrowed */
/* Of a whole handshake: what can be resumed. Borrowed; NULL: nothing. */
const struct observe_session *talk_session(const struct talk *t);

#endif
