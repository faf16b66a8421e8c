/*
 * TLS inside the packets of TDS 7, as Microsoft SQL Server has it: until both Finished messages
 * have come, what either side says travels in packets of type 0x12; after that records stand
 * alone. Sans-I/O. TDS 8 ("strict") has no packets around TLS and needs none of this.
 *
 * What comes is hostile. Limits: TDS_PACKET_MAX bytes a packet.
 * Source: [MS-TDS] §2.2.3.1, §2.2.6.5, §3.2.5.2
 */
#ifndef PL_INSPECT_OBSERVE_TDS_H
#define PL_INSPECT_OBSERVE_TDS_H

#include "base/buf.h"

enum { TDS_HEADER = 8, TDS_PACKET_MAX = 32 * 1024, TDS_PRELOGIN = 0x12, TDS_RESPONSE = 0x04 };

/* One direction: from the server. Clear works on a zeroed struct, which is a fresh one. */
struct tds_reader {
    struct buf in;    /* a packet that is not whole yet */
    bool is_unpacked; /* records stand alone from here on */
};
void tds_reader_clear(struct tds_reader *r);

/*
 * Appends the TLS in bytes to out.
 * Fails  observe.not_tls (neither a packet nor a record), base.limit, base.oom
 */
bool tds_unwrap(struct tds_reader *r, const uint8_t *bytes, size_t len, struct buf *out,
                struct err *e) PL_MUST_USE;

/* Appends tls in packets to out, and empties it. Fails base.limit, base.oom */
bool tds_wrap(struct buf *tls, struct buf *out, struct err *e) PL_MUST_USE;

#endif
