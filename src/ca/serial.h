/*
 * Serial numbers: a node's prefix byte, then 136 random bits. The prefix (1…127) keeps the nodes of
 * a farm apart and makes the number positive without a leading zero byte.
 * Source: RFC 5280 §4.1.2.2; BR §7.1.2.7 (0 < serial < 2^159, at least 64 random bits).
 */
#ifndef PL_CA_SERIAL_H
#define PL_CA_SERIAL_H

#include "base/compiler.h"
#include "base/err.h"

enum {
    CA_SERIAL_LEN = 18,     /* of those made here */
    CA_SERIAL_LEN_MAX = 20, /* of any */
    CA_SERIAL_TEXT = 2 * CA_SERIAL_LEN_MAX,
    CA_NODE_PREFIX_MAX = 127,
};

/* Big-endian, positive, without leading zero bytes. */
struct ca_serial {
    uint8_t bytes[CA_SERIAL_LEN_MAX];
    size_t len;
};

/* node_prefix is 1..CA_NODE_PREFIX_MAX. Fails base.random. */
bool ca_serial_new(uint8_t node_prefix, struct ca_serial *out_serial, struct err *e) PL_MUST_USE;
/* Lower-case hexadecimal, two digits a byte: the form of struct cert's serial. */
void ca_serial_format(const struct ca_serial *serial, char out[CA_SERIAL_TEXT + 1]);
/*
 * Reads hexadecimal as people paste it: either case, colons or spaces between, "0x" before, leading
 * zeros. Fails ca.serial.invalid.
 */
bool ca_serial_parse(const char *text, struct ca_serial *out_serial, struct err *e) PL_MUST_USE;
bool ca_serial_equal(const struct ca_serial *a, const struct ca_serial *b);
/* The CRL that lists it: the number modulo shard_count (≥ 1). */
unsigned ca_serial_shard(const struct ca_serial *serial, unsigned shard_count);

#endif
