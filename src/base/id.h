/*
 * Identifiers: UUIDv7 (RFC 9562 §5.7): Unix milliseconds, a counter of 12 bits, then random bits.
 * The ids that one process makes sort in the order in which it made them.
 *
 * People see and type the short form, the last eight hexadecimal digits (random ones).
 */
#ifndef PL_BASE_ID_H
#define PL_BASE_ID_H

#include "base/compiler.h"
#include "base/err.h"

enum { ID_LEN = 16, ID_TEXT_LEN = 36, ID_SHORT_LEN = 8 };

struct id {
    uint8_t bytes[ID_LEN];
};

/* After every id that this process made at that time or less than a second after it. Fails
 * base.random. */
bool id_new(int64_t now_ms, struct id *out_id, struct err *e) PL_MUST_USE;
/* Where id does not sort after before, another process made it at the same time or the clock was
 * set back: its time becomes the next one after that of before. */
void id_follow(const struct id *before, struct id *id);
/* No id. */
#define ID_NONE ((struct id){{0}})
bool id_equal(const struct id *a, const struct id *b);
bool id_is_zero(const struct id *a);
void id_format(const struct id *id, char out[ID_TEXT_LEN + 1]);
void id_format_short(const struct id *id, char out[ID_SHORT_LEN + 1]);
/* The long form only; false when the text is not one. */
bool id_parse(const char *text, struct id *out_id);
/* True when text is the long form or the short form of the id, letters in either case. */
bool id_matches(const struct id *id, const char *text);

/* len bytes from the system's generator. Fails base.random. */
bool random_bytes(void *out, size_t len, struct err *e) PL_MUST_USE;

#endif
