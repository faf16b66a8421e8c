/* UUIDv7 identifiers and the system's random bytes. */
#include "base/id.h"

#include "base/hex.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

bool random_bytes(void *out, size_t len, struct err *e) {
    uint8_t *at = out;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_set_errno(e, ERR_BASE_RANDOM, errno, "the system gives no random bytes");
        }
        at += got;
        len -= (size_t)got;
    }
    return true;
}

/* --- the moment of an id: milliseconds, then a counter of 12 bits (RFC 9562 §6.2, method 1) ------
 */

enum { COUNTER_BITS = 12, COUNTER_START_MASK = 0x7FF };

/* A clock that went back by less than this does not take the order with it. */
#define MOMENTS_AHEAD_MAX (UINT64_C(1000) << COUNTER_BITS)

static uint64_t moment_of(const struct id *id) {
    uint64_t moment = 0;
    for (unsigned i = 0; i < 6; i++) {
        moment = moment << 8 | id->bytes[i];
    }
    return moment << COUNTER_BITS | (uint64_t)(id->bytes[6] & 0x0F) << 8 | id->bytes[7];
}

static void set_moment(struct id *id, uint64_t moment) {
    for (unsigned i = 0; i < 6; i++) {
        id->bytes[i] = (uint8_t)(moment >> (40 + COUNTER_BITS - 8 * i));
    }
    id->bytes[6] = (uint8_t)(0x70 | ((moment >> 8) & 0x0F));
    id->bytes[7] = (uint8_t)moment;
}

/* The moment for an id of now: after the one that this process gave last. */
static uint64_t next_moment(int64_t now_ms, unsigned random) {
    static _Atomic uint64_t newest;
    const uint64_t first = (uint64_t)now_ms << COUNTER_BITS;
    uint64_t last = atomic_load(&newest);
    uint64_t moment = 0;
    do {
        bool is_same = last >= first && last - first < MOMENTS_AHEAD_MAX;
        moment = is_same ? last + 1 : first | (random & COUNTER_START_MASK);
    } while (!atomic_compare_exchange_weak(&newest, &last, moment));
    return moment;
}

bool id_new(int64_t now_ms, struct id *out_id, struct err *e) {
    struct id id;
    if (!random_bytes(id.bytes + 6, ID_LEN - 6, e)) {
        return false;
    }
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    set_moment(&id, next_moment(now_ms, (unsigned)id.bytes[6] << 8 | id.bytes[7]));
    *out_id = id;
    return true;
}

void id_follow(const struct id *before, struct id *id) {
    if (moment_of(id) <= moment_of(before)) {
        set_moment(id, moment_of(before) + 1);
    }
}

bool id_equal(const struct id *a, const struct id *b) {
    return memcmp(a->bytes, b->bytes, ID_LEN) == 0;
}

bool id_is_zero(const struct id *a) {
    static const struct id zero;
    return id_equal(a, &zero);
}

void id_format(const struct id *id, char out[ID_TEXT_LEN + 1]) {
    char *at = out;
    for (unsigned i = 0; i < ID_LEN; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        hex_encode(id->bytes + i, 1, at);
        at += 2;
    }
    *at = '\0';
}

void id_format_short(const struct id *id, char out[ID_SHORT_LEN + 1]) {
    hex_encode(id->bytes + ID_LEN - ID_SHORT_LEN / 2, ID_SHORT_LEN / 2, out);
}

bool id_parse(const char *text, struct id *out_id) {
    if (strlen(text) != ID_TEXT_LEN) {
        return false;
    }
    struct id id;
    const char *at = text;
    for (unsigned i = 0; i < ID_LEN; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (*at++ != '-') {
                return false;
            }
        }
        if (!hex_decode(at, 2, id.bytes + i)) {
            return false;
        }
        at += 2;
    }
    *out_id = id;
    return true;
}

bool id_matches(const struct id *id, const char *text) {
    char full[ID_TEXT_LEN + 1];
    id_format(id, full);
    return strcasecmp(text, full) == 0 ||
           (strlen(text) == ID_SHORT_LEN &&
            strcasecmp(text, full + ID_TEXT_LEN - ID_SHORT_LEN) == 0);
}
