/*
 * A strict reader of DER, and what a blob of DER is by its outer shape.
 *
 * Strict: definite and shortest lengths, tags below 31, nothing that reaches out of its parent.
 * Nothing is copied. Pure functions. Source: X.690 §8.1, §10.1
 */
#ifndef PL_CODEC_DER_H
#define PL_CODEC_DER_H

#include "base/compiler.h"

/* Identifier octets, with class and constructed bit. */
enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0A,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT_0 = 0xA0, /* constructed; [1] is DER_CONTEXT_0 + 1 */
};

struct der_value {
    uint8_t tag;          /* the identifier octet */
    const uint8_t *bytes; /* content, borrowed */
    size_t len;
    const uint8_t *whole; /* with tag and length */
    size_t whole_len;
};

/* What is left to read: bytes of a file, or of a constructed value. */
struct der_reader {
    const uint8_t *at;
    size_t left;
};

struct der_reader der_reader_init(const void *bytes, size_t len);
/* Reads what is inside a constructed value. */
struct der_reader der_reader_enter(const struct der_value *value);
bool der_reader_is_at_end(const struct der_reader *reader);
/* The tag of the next value, 0 at the end. */
uint8_t der_reader_peek(const struct der_reader *reader);
/* Takes the next value; false at the end and on what is not DER, and then nothing is taken. */
bool der_reader_next(struct der_reader *reader, struct der_value *out_value);
/* Takes the next value when it has that tag. */
bool der_reader_take(struct der_reader *reader, uint8_t tag, struct der_value *out_value);

/* True when the bytes are exactly one SEQUENCE; its content is not looked at. */
bool der_is_one_sequence(const void *bytes, size_t len);

enum der_kind {
    DER_NOTHING_KNOWN,
    DER_CERTIFICATE,
    DER_CERTIFICATE_REQUEST,
    DER_CERTIFICATE_LIST, /* a CRL */
    DER_PKCS7,
    DER_PKCS12,
    DER_PRIVATE_KEY, /* PKCS #8, or RSA's, DSA's, EC's own form */
    DER_ENCRYPTED_PRIVATE_KEY,
    DER_PUBLIC_KEY,
    DER_OCSP_RESPONSE,
};

/*
 * By outer shape alone: the tags of the first values two levels deep. A guess good enough to choose
 * a reader or to tell people what they have; BER with indefinite lengths is recognised for PKCS #7
 * and PKCS #12, which some systems write so.
 */
enum der_kind der_sniff(const void *bytes, size_t len);

#endif
