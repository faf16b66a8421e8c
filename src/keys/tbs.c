/* To-be-signed certificates and revocation lists, read in the order of the schema. */
#include "keys/tbs.h"

#include "base/clock.h"
#include "base/str.h"
#include "keys/strict_der.h"

#include <string.h>

enum {
    CONTEXT_0 = DER_CONTEXT_0,
    CONTEXT_3 = DER_CONTEXT_0 + 3,
    UTC_TIME_LEN = 13,
    GENERALIZED_TIME_LEN = 15,
    FIRST_YEAR_OF_GENERALIZED_TIME = 2050,
};

static bool malformed(struct err *e, const char *what) {
    return err_set(e, ERR_KEYS_LIMIT_MALFORMED, "it has %s", what);
}

static int two_digits(const uint8_t *text) {
    return (text[0] - '0') * 10 + (text[1] - '0');
}

static bool are_digits(const uint8_t *text, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!str_is_digit((char)text[i])) {
            return false;
        }
    }
    return true;
}

/* Time ::= UTCTime through 2049 | GeneralizedTime from 2050, to the second, in UTC (§4.1.2.5). */
static bool read_time(struct der_reader *reader, int64_t *out_ms) {
    struct der_value time;
    if (!der_reader_next(reader, &time)) {
        return false;
    }
    bool is_utc = time.tag == DER_UTC_TIME && time.len == UTC_TIME_LEN;
    bool is_generalized = time.tag == DER_GENERALIZED_TIME && time.len == GENERALIZED_TIME_LEN;
    if ((!is_utc && !is_generalized) || time.bytes[time.len - 1] != 'Z' ||
        !are_digits(time.bytes, time.len - 1)) {
        return false;
    }
    const uint8_t *rest = time.bytes + (is_utc ? 2 : 4);
    int year = two_digits(time.bytes);
    year =
        is_generalized ? year * 100 + two_digits(time.bytes + 2) : year + (year < 50 ? 2000 : 1900);
    int month = two_digits(rest), day = two_digits(rest + 2), hour = two_digits(rest + 4);
    int minute = two_digits(rest + 6), second = two_digits(rest + 8);
    *out_ms = clock_from_civil(year, month, day, hour, minute, second) * CLOCK_SECOND_MS;
    return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 &&
           second < 60 && (is_utc || year >= FIRST_YEAR_OF_GENERALIZED_TIME);
}

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static bool read_extension(struct der_reader *reader, struct tbs_extension *out) {
    struct der_value whole, critical, value;
    *out = (struct tbs_extension){0};
    if (!der_reader_take(reader, DER_SEQUENCE, &whole)) {
        return false;
    }
    struct der_reader parts = der_reader_enter(&whole);
    if (!der_reader_take(&parts, DER_OID, &out->oid)) {
        return false;
    }
    if (der_reader_peek(&parts) == DER_BOOLEAN) {
        if (!der_reader_take(&parts, DER_BOOLEAN, &critical) || critical.bytes[0] == 0x00) {
            return false; /* DER leaves a default value out */
        }
        out->is_critical = true;
    }
    if (!der_reader_take(&parts, DER_OCTET_STRING, &value) || !der_reader_is_at_end(&parts) ||
        !strict_der_check(value.bytes, value.len)) {
        return false;
    }
    struct der_reader inside = der_reader_init(value.bytes, value.len);
    return der_reader_next(&inside, &out->value);
}

static bool equal_values(const struct der_value *a, const struct der_value *b) {
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool has_oid(const struct tbs_extensions *extensions, const struct der_value *oid) {
    for (size_t i = 0; i < extensions->count; i++) {
        if (equal_values(&extensions->items[i].oid, oid)) {
            return true;
        }
    }
    return false;
}

/* [tag] EXPLICIT SEQUENCE OF Extension, at the end of what is read */
static bool read_extensions(struct der_reader *reader, uint8_t tag,
                            struct tbs_extensions *out_extensions, struct err *e) {
    struct der_value tagged, sequence;
    out_extensions->count = 0;
    if (!der_reader_take(reader, tag, &tagged) || !der_reader_is_at_end(reader)) {
        return malformed(e, "no extensions where they belong");
    }
    struct der_reader outer = der_reader_enter(&tagged);
    if (!der_reader_take(&outer, DER_SEQUENCE, &sequence) || !der_reader_is_at_end(&outer)) {
        return malformed(e, "malformed extensions");
    }
    struct der_reader list = der_reader_enter(&sequence);
    while (!der_reader_is_at_end(&list)) {
        struct tbs_extension extension;
        if (out_extensions->count == TBS_EXTENSIONS_MAX) {
            return malformed(e, "too many extensions");
        }
        if (!read_extension(&list, &extension)) {
            return malformed(e, "an extension that is not DER");
        }
        if (has_oid(out_extensions, &extension.oid)) {
            return malformed(e, "an extension twice");
        }
        out_extensions->items[out_extensions->count++] = extension;
    }
    return true;
}

const struct tbs_extension *tbs_find_extension(const struct tbs_extensions *extensions,
                                               uint8_t arc) {
    const uint8_t oid[] = {0x55, 0x1D, arc}; /* 2.5.29.arc */
    for (size_t i = 0; i < extensions->count; i++) {
        const struct der_value *each = &extensions->items[i].oid;
        if (each->len == sizeof(oid) && memcmp(each->bytes, oid, sizeof(oid)) == 0) {
            return &extensions->items[i];
        }
    }
    return NULL;
}

static bool open_sequence(const uint8_t *bytes, size_t len, struct der_reader *out_reader,
                          struct err *e) {
    struct der_value whole;
    struct der_reader file = der_reader_init(bytes, len);
    if (!strict_der_check(bytes, len) || !der_reader_take(&file, DER_SEQUENCE, &whole)) {
        return malformed(e, "bytes that are not DER");
    }
    *out_reader = der_reader_enter(&whole);
    return true;
}

static bool is_small_integer(const struct der_value *value, uint8_t number) {
    return value->len == 1 && value->bytes[0] == number;
}

/* version [0] EXPLICIT Version, which must be v3 (2) */
static bool take_version_3(struct der_reader *reader) {
    struct der_value tagged, version;
    if (!der_reader_take(reader, CONTEXT_0, &tagged)) {
        return false;
    }
    struct der_reader inside = der_reader_enter(&tagged);
    return der_reader_take(&inside, DER_INTEGER, &version) && der_reader_is_at_end(&inside) &&
           is_small_integer(&version, 2);
}

static bool take_serial(struct der_reader *reader) {
    struct der_value serial;
    return der_reader_take(reader, DER_INTEGER, &serial) && serial.len <= TBS_SERIAL_MAX &&
           serial.bytes[0] < 0x80 && !is_small_integer(&serial, 0);
}

static bool take_validity(struct der_reader *reader, struct tbs_certificate *out) {
    struct der_value validity;
    if (!der_reader_take(reader, DER_SEQUENCE, &validity)) {
        return false;
    }
    struct der_reader times = der_reader_enter(&validity);
    return read_time(&times, &out->not_before_ms) && read_time(&times, &out->not_after_ms) &&
           der_reader_is_at_end(&times) && out->not_before_ms <= out->not_after_ms;
}

bool tbs_read_certificate(const uint8_t *bytes, size_t len, struct tbs_certificate *out_tbs,
                          struct err *e) {
    struct der_reader tbs;
    if (!open_sequence(bytes, len, &tbs, e)) {
        return false;
    }
    if (!take_version_3(&tbs)) {
        return malformed(e, "another version than 3");
    }
    if (!take_serial(&tbs)) {
        return malformed(e, "a serial number that is not positive or longer than 20 bytes");
    }
    if (!der_reader_take(&tbs, DER_SEQUENCE, &out_tbs->algorithm) ||
        !der_reader_take(&tbs, DER_SEQUENCE, &out_tbs->issuer)) {
        return malformed(e, "no signature algorithm or issuer");
    }
    if (!take_validity(&tbs, out_tbs)) {
        return malformed(e, "malformed dates");
    }
    if (!der_reader_take(&tbs, DER_SEQUENCE, &out_tbs->subject) ||
        !der_reader_take(&tbs, DER_SEQUENCE, &out_tbs->spki)) {
        return malformed(e, "no subject or public key");
    }
    return read_extensions(&tbs, CONTEXT_3, &out_tbs->extensions, e);
}

bool tbs_read_crl(const uint8_t *bytes, size_t len, struct tbs_crl *out_tbs, struct err *e) {
    struct der_reader tbs;
    struct der_value version, revoked;
    if (!open_sequence(bytes, len, &tbs, e)) {
        return false;
    }
    if (!der_reader_take(&tbs, DER_INTEGER, &version) || !is_small_integer(&version, 1)) {
        return malformed(e, "another version than 2");
    }
    if (!der_reader_take(&tbs, DER_SEQUENCE, &out_tbs->algorithm) ||
        !der_reader_take(&tbs, DER_SEQUENCE, &out_tbs->issuer)) {
        return malformed(e, "no signature algorithm or issuer");
    }
    if (!read_time(&tbs, &out_tbs->this_update_ms) || !read_time(&tbs, &out_tbs->next_update_ms) ||
        out_tbs->next_update_ms <= out_tbs->this_update_ms) {
        return malformed(e, "no next update after this update");
    }
    if (der_reader_peek(&tbs) == DER_SEQUENCE &&
        (!der_reader_take(&tbs, DER_SEQUENCE, &revoked) || revoked.len == 0)) {
        return malformed(e, "an empty list of revoked certificates");
    }
    return read_extensions(&tbs, CONTEXT_0, &out_tbs->extensions, e);
}
