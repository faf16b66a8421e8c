/* UUIDv7 identifiers and the system's random bytes. */
#include "base/id.h"

#include "base/hex.h"

#include <errno.h>
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

bool id_new(int64_t now_ms, struct id *out_id, struct err *e) {
    struct id id;
    if (!random_bytes(id.bytes + 6, ID_LEN - 6, e)) {
        return false;
    }
    for (unsigned i = 0; i < 6; i++) {
        id.bytes[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
    }
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0F));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    *out_id = id;
    return true;
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
