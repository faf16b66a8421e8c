/* Serial numbers: made, written, read, and their place among the CRL's shards. */
#include "ca/serial.h"

#include "base/hex.h"
#include "base/id.h"
#include "base/str.h"

#include <string.h>

bool ca_serial_new(uint8_t node_prefix, struct ca_serial *out_serial, struct err *e) {
    PL_BUG_UNLESS(node_prefix >= 1 && node_prefix <= CA_NODE_PREFIX_MAX);
    struct ca_serial serial = {.bytes = {node_prefix}, .len = CA_SERIAL_LEN};
    if (!random_bytes(serial.bytes + 1, CA_SERIAL_LEN - 1, e)) {
        return false;
    }
    *out_serial = serial;
    return true;
}

void ca_serial_format(const struct ca_serial *serial, char out[CA_SERIAL_TEXT + 1]) {
    hex_encode(serial->bytes, serial->len, out);
}

/* The digits alone, without leading zeros; -1 when text holds anything else or too many. */
static int collect_digits(const char *text, char out[CA_SERIAL_TEXT + 1]) {
    int count = 0;
    for (const char *at = text; *at != '\0'; at++) {
        bool is_separator = (*at == ':' || *at == ' ') && at != text;
        bool is_leading_zero = *at == '0' && count == 0;
        if (is_separator || is_leading_zero) {
            continue;
        }
        if (hex_value(*at) < 0 || count == CA_SERIAL_TEXT) {
            return -1;
        }
        out[count++] = *at;
    }
    return count;
}

bool ca_serial_parse(const char *text, struct ca_serial *out_serial, struct err *e) {
    char digits[CA_SERIAL_TEXT + 2] = "0"; /* room before, for an odd first digit */
    const char *start =
        str_starts_with(text, "0x") || str_starts_with(text, "0X") ? text + 2 : text;
    int count = collect_digits(start, digits + 1);
    struct ca_serial serial = {.len = (size_t)(count + 1) / 2};
    const char *first = count % 2 == 0 ? digits + 1 : digits;
    if (count <= 0 || !hex_decode(first, 2 * serial.len, serial.bytes)) {
        (void)err_set(e, ERR_CA_SERIAL_INVALID, "\"%.60s\" is not a serial number", text);
        return err_hint(
            e, "a serial number is up to 40 hexadecimal digits, as \"ca issued\" lists them");
    }
    *out_serial = serial;
    return true;
}

bool ca_serial_equal(const struct ca_serial *a, const struct ca_serial *b) {
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

unsigned ca_serial_shard(const struct ca_serial *serial, unsigned shard_count) {
    PL_BUG_UNLESS(shard_count >= 1);
    uint64_t rest = 0;
    for (size_t i = 0; i < serial->len; i++) {
        rest = (rest << 8 | serial->bytes[i]) % shard_count;
    }
    return (unsigned)rest;
}
