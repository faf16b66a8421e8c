/*
 * Values in messages between our own processes: numbers in the machine's order, bytes with their
 * length before them. Writers and readers remember the first failure, so that a message is written
 * and read as one run of calls with one check at the end.
 */
#ifndef PL_IPC_PACK_H
#define PL_IPC_PACK_H

#include "base/buf.h"
#include "base/id.h"

struct pack_writer {
    struct buf *out; /* borrowed; its maximum bounds the message */
    bool has_failed;
    bool is_out_of_memory; /* and that is why */
};

void pack_u8(struct pack_writer *w, uint8_t value);
void pack_u16(struct pack_writer *w, uint16_t value);
void pack_u32(struct pack_writer *w, uint32_t value);
void pack_u64(struct pack_writer *w, uint64_t value);
void pack_i64(struct pack_writer *w, int64_t value);
void pack_bool(struct pack_writer *w, bool value);
void pack_raw(struct pack_writer *w, const void *bytes, size_t len); /* no length before them */
void pack_bytes(struct pack_writer *w, const void *bytes, size_t len);
void pack_text(struct pack_writer *w, const char *text); /* NULL is told from "" */
void pack_id(struct pack_writer *w, const struct id *id);
void pack_err(struct pack_writer *w, const struct err *error);
/* Fails base.limit, base.oom. */
bool pack_end(const struct pack_writer *w, struct err *e) PL_MUST_USE;

struct unpack_reader {
    const uint8_t *at;
    size_t left;
    bool is_broken; /* something was not there, or not what it has to be; all further reads are 0 */
    bool is_out_of_memory; /* whoever reads could not keep a value; is_broken, too */
};

void unpack_init(struct unpack_reader *r, const void *bytes, size_t len);
uint8_t unpack_u8(struct unpack_reader *r);
uint16_t unpack_u16(struct unpack_reader *r);
uint32_t unpack_u32(struct unpack_reader *r);
uint64_t unpack_u64(struct unpack_reader *r);
int64_t unpack_i64(struct unpack_reader *r);
bool unpack_bool(struct unpack_reader *r);
/* Exactly len bytes; out is zeroed when they are not there. */
void unpack_raw(struct unpack_reader *r, void *out, size_t len);
/* Borrowed from the message; NULL with 0 when broken or empty. */
const uint8_t *unpack_bytes(struct unpack_reader *r, size_t max, size_t *out_len);
/* Borrowed, ends with NUL in the message itself; NULL as it was written. */
const char *unpack_text(struct unpack_reader *r, size_t max);
/* The same copied; a text that does not fit breaks the message. NULL becomes "". */
void unpack_text_into(struct unpack_reader *r, char *out, size_t size);
void unpack_id(struct unpack_reader *r, struct id *out_id);
void unpack_err(struct unpack_reader *r, struct err *out_error);
/* True when everything was there and nothing is left. */
bool unpack_is_done(const struct unpack_reader *r);
/* The same as an error: ipc.malformed, base.oom. */
bool unpack_end(const struct unpack_reader *r, struct err *e) PL_MUST_USE;

#endif
