/* A strict DER reader and a table of shapes. Recursion: none. */
#include "codec/der.h"

#include "base/str.h"

#include <string.h>

enum {
    TAG_NUMBER_MASK = 0x1F,
    CONSTRUCTED = 0x20,
    LENGTH_LONG = 0x80,
    LENGTH_OCTETS_MAX = 4,
    SHAPE_VALUES_MAX = 4
};

struct der_reader der_reader_init(const void *bytes, size_t len) {
    return (struct der_reader){.at = bytes, .left = len};
}

struct der_reader der_reader_enter(const struct der_value *value) {
    return (struct der_reader){.at = value->bytes, .left = value->len};
}

bool der_reader_is_at_end(const struct der_reader *reader) {
    return reader->left == 0;
}

uint8_t der_reader_peek(const struct der_reader *reader) {
    return reader->left == 0 ? 0 : reader->at[0];
}

/* The length after the tag at bytes; header_len counts tag and length. */
static bool read_length(const uint8_t *bytes, size_t left, size_t *out_header_len,
                        size_t *out_len) {
    if (left < 2) {
        return false;
    }
    if (bytes[1] < LENGTH_LONG) {
        *out_header_len = 2;
        *out_len = bytes[1];
        return true;
    }
    size_t octets = bytes[1] & 0x7F;
    if (octets == 0 || octets > LENGTH_OCTETS_MAX || left < 2 + octets || bytes[2] == 0) {
        return false;
    }
    size_t len = 0;
    for (size_t i = 0; i < octets; i++) {
        len = len << 8 | bytes[2 + i];
    }
    *out_header_len = 2 + octets;
    *out_len = len;
    return len >= LENGTH_LONG;
}

bool der_reader_next(struct der_reader *reader, struct der_value *out_value) {
    size_t header_len = 0;
    size_t len = 0;
    if (reader->left == 0 || (reader->at[0] & TAG_NUMBER_MASK) == TAG_NUMBER_MASK ||
        !read_length(reader->at, reader->left, &header_len, &len) ||
        len > reader->left - header_len) {
        return false;
    }
    *out_value = (struct der_value){.tag = reader->at[0],
                                    .bytes = reader->at + header_len,
                                    .len = len,
                                    .whole = reader->at,
                                    .whole_len = header_len + len};
    reader->at += header_len + len;
    reader->left -= header_len + len;
    return true;
}

bool der_reader_take(struct der_reader *reader, uint8_t tag, struct der_value *out_value) {
    return der_reader_peek(reader) == tag && der_reader_next(reader, out_value);
}

bool der_is_one_sequence(const void *bytes, size_t len) {
    struct der_reader reader = der_reader_init(bytes, len);
    struct der_value value;
    return der_reader_take(&reader, DER_SEQUENCE, &value) && der_reader_is_at_end(&reader);
}

/* --- shapes --- */

struct shape {
    const char *outer; /* tags of the first values inside the blob */
    const char *inner; /* tags of the first values inside the first constructed one of these */
    enum der_kind kind;
};

/*
 * One letter a tag: i INTEGER, b BIT STRING, o OCTET STRING, O OID, s SEQUENCE, t time, e
 * ENUMERATED, 0 1 2 context.
 */
static char tag_letter(uint8_t tag) {
    switch (tag) {
    case DER_INTEGER:
        return 'i';
    case DER_BIT_STRING:
        return 'b';
    case DER_OCTET_STRING:
        return 'o';
    case DER_OID:
        return 'O';
    case DER_SEQUENCE:
        return 's';
    case DER_UTC_TIME:
    case DER_GENERALIZED_TIME:
        return 't';
    case DER_ENUMERATED:
        return 'e';
    case DER_CONTEXT_0:
    case DER_CONTEXT_0 + 1:
        return (char)('0' + (tag & TAG_NUMBER_MASK));
    default:
        return '?';
    }
}

/*
 * The first that fits counts. RFC 5280 §4.1, §5.1; RFC 2986; RFC 5652; RFC 7292; RFC 5958; RFC 8017
 * A.1; RFC 5915; RFC 6960
 */
static const struct shape shapes[] = {
    {"ssb", "0iss", DER_CERTIFICATE},
    {"ssb", "isss", DER_CERTIFICATE}, /* version 1 */
    {"ssb", "isst", DER_CERTIFICATE_LIST},
    {"ssb", "sst", DER_CERTIFICATE_LIST},    /* version 1 */
    {"ssb", "iss", DER_CERTIFICATE_REQUEST}, /* attributes may be missing */
    {"O0", "", DER_PKCS7},
    {"is", "O0", DER_PKCS12},
    {"iso", "O", DER_PRIVATE_KEY},
    {"iiii", "", DER_PRIVATE_KEY},
    {"io0", "", DER_PRIVATE_KEY},
    {"io1", "", DER_PRIVATE_KEY},
    {"so", "Os", DER_ENCRYPTED_PRIVATE_KEY},
    {"sb", "O", DER_PUBLIC_KEY},
    {"e0", "", DER_OCSP_RESPONSE},
};

/* Letters of the first values; the first constructed one's content goes to out_inner. */
static void read_shape(struct der_reader reader, char out[SHAPE_VALUES_MAX + 1],
                       struct der_reader *out_inner) {
    struct der_value value;
    size_t count = 0;
    bool has_inner = false;
    while (count < SHAPE_VALUES_MAX && der_reader_next(&reader, &value)) {
        out[count++] = tag_letter(value.tag);
        if (!has_inner && (value.tag & CONSTRUCTED) != 0) {
            *out_inner = der_reader_enter(&value);
            has_inner = true;
        }
    }
    out[count] = '\0';
}

/* PKCS #7's and PKCS #12's content types all start with 1.2.840.113549.1.7. */
static bool is_pkcs7_oid(struct der_reader reader) {
    static const uint8_t arc[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07};
    struct der_value oid;
    return der_reader_take(&reader, DER_OID, &oid) && oid.len == sizeof(arc) + 1 &&
           memcmp(oid.bytes, arc, sizeof(arc)) == 0;
}

static bool is_indefinite(struct der_reader reader) {
    return reader.left > 2 && reader.at[0] == DER_SEQUENCE && reader.at[1] == LENGTH_LONG;
}

/* Outer indefinite lengths: 30 80 OID… is PKCS #7, 30 80 02 01 03 30 80 OID… is PKCS #12. */
static enum der_kind sniff_indefinite(struct der_reader reader) {
    struct der_value version;
    struct der_reader inner = der_reader_init(reader.at + 2, reader.left - 2);
    if (is_pkcs7_oid(inner)) {
        return DER_PKCS7;
    }
    if (!der_reader_take(&inner, DER_INTEGER, &version) || version.len != 1 ||
        version.bytes[0] != 3) {
        return DER_NOTHING_KNOWN;
    }
    if (is_indefinite(inner)) {
        return is_pkcs7_oid(der_reader_init(inner.at + 2, inner.left - 2)) ? DER_PKCS12
                                                                           : DER_NOTHING_KNOWN;
    }
    struct der_value content;
    return der_reader_take(&inner, DER_SEQUENCE, &content) &&
                   is_pkcs7_oid(der_reader_enter(&content))
               ? DER_PKCS12
               : DER_NOTHING_KNOWN;
}

static enum der_kind sniff_definite(struct der_reader content) {
    char outer[SHAPE_VALUES_MAX + 1];
    char inner[SHAPE_VALUES_MAX + 1];
    struct der_reader inner_content = {0};
    struct der_reader ignored = {0};
    bool has_pkcs7_oid = is_pkcs7_oid(content);
    read_shape(content, outer, &inner_content);
    read_shape(inner_content, inner, &ignored);
    for (size_t i = 0; i < PL_ARRAY_LEN(shapes); i++) {
        bool fits =
            str_starts_with(outer, shapes[i].outer) && str_starts_with(inner, shapes[i].inner);
        if (fits && (shapes[i].kind != DER_PKCS7 || has_pkcs7_oid)) {
            return shapes[i].kind;
        }
    }
    return DER_NOTHING_KNOWN;
}

enum der_kind der_sniff(const void *bytes, size_t len) {
    struct der_reader reader = der_reader_init(bytes, len);
    struct der_value outer;
    if (is_indefinite(reader)) {
        return sniff_indefinite(reader);
    }
    if (!der_reader_take(&reader, DER_SEQUENCE, &outer)) {
        return DER_NOTHING_KNOWN;
    }
    return sniff_definite(der_reader_enter(&outer));
}
