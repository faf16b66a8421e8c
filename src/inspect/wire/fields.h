/*
 * A message field by field: where each lies, what it says, why it is there. The list is flat, in
 * the order of the bytes; depth tells what is inside what. A field that holds others covers them
 * and its own length in front.
 *
 * Limits: WIRE_FIELDS_MAX fields a message; more are left out, and the last one says so.
 */
#ifndef PL_INSPECT_WIRE_FIELDS_H
#define PL_INSPECT_WIRE_FIELDS_H

#include "base/arena.h"
#include "inspect/wire/reader.h"

enum { WIRE_FIELDS_MAX = 1500, WIRE_VALUE_MAX = 320 };

struct wire_field {
    const char *name;  /* the specification's; static */
    const char *value; /* what the bytes say, "" where the bytes are all there is; may hold bytes
                          from outside */
    const char *about; /* why it is there; static, "" */
    uint32_t offset;   /* in the message, header and all */
    uint32_t len;
    uint32_t depth;
};

/* Clear works on a zeroed struct; texts are the arena's. */
struct wire_fields {
    struct arena *arena; /* borrowed */
    struct wire_field *items;
    size_t count;
    size_t capacity;
    bool is_malformed; /* something had not the form that it must have: a field says where */
};
void wire_fields_clear(struct wire_fields *fields);

/* Whom the message comes from and what is agreed so far: the same number means different forms. */
enum wire_exchange {
    WIRE_EXCHANGE_TLS13,
    WIRE_EXCHANGE_RSA,
    WIRE_EXCHANGE_ECDHE,
    WIRE_EXCHANGE_DHE
};
struct wire_setting {
    uint16_t version; /* agreed; 0: not yet */
    enum wire_exchange exchange;
    bool is_client; /* sent by the client */
};

/*
 * A whole handshake message, header and all.
 * Fails base.oom, base.limit (the arena is full); a malformed message is no failure
 */
bool wire_describe_message(struct wire_span message, const struct wire_setting *setting,
                           struct wire_fields *out, struct err *e) PL_MUST_USE;
/* The content of an alert record, or of a ChangeCipherSpec. */
bool wire_describe_alert(struct wire_span content, struct wire_fields *out, struct err *e)
    PL_MUST_USE;
bool wire_describe_change(struct wire_span content, struct wire_fields *out, struct err *e)
    PL_MUST_USE;

#endif
