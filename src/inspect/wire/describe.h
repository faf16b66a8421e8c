/*
 * For the files that describe messages: a reader that writes down each field as it reads it, so
 * that a parser reads like the specification's own presentation of the message.
 */
#ifndef PL_INSPECT_WIRE_DESCRIBE_H
#define PL_INSPECT_WIRE_DESCRIBE_H

#include "inspect/wire/fields.h"
#include "tls/registry.h"

struct describer {
    struct wire_reader r;
    const uint8_t *start;
    struct wire_fields *out;
    const struct wire_setting *setting;
    uint32_t depth;
    bool is_full; /* the arena */
    bool is_retry;
};

/* What a number says, into WIRE_VALUE_MAX bytes. NULL: the number itself. */
typedef void (*describe_value)(uint32_t number, char *out);

/* One field each; "name" and "about" are static. */
uint32_t describe_number(struct describer *d, size_t size, const char *name, describe_value value,
                         const char *about);
struct wire_span describe_bytes(struct describer *d, size_t len, const char *name,
                                const char *about);
struct wire_span describe_text(struct describer *d, size_t len, const char *name,
                               const char *about);
/* A vector of bytes that are not looked into, or that are text. */
struct wire_span describe_vector(struct describer *d, size_t size, const char *name,
                                 const char *about);
struct wire_span describe_text_vector(struct describer *d, size_t size, const char *name,
                                      const char *about);

/* A field that holds others, with its length in front (size 0: no length, all that is left). */
struct describe_scope {
    size_t field;
    size_t outside; /* bytes left after it */
};
struct describe_scope describe_open(struct describer *d, size_t size, const char *name,
                                    const char *about);
bool describe_has_more(const struct describer *d);
void describe_close(struct describer *d, const struct describe_scope *scope);
/* What the field that was opened last says. */
PL_PRINTF(3, 4)
void describe_say(struct describer *d, size_t field, const char *format, ...);
/* Its sentence from the registry. */
void describe_explain(struct describer *d, size_t field, const char *about);

/* Lists of numbers: each is a field with its registry's name and sentence. */
void describe_list(struct describer *d, size_t length_size, enum tls_kind kind, const char *name,
                   const char *about);
uint32_t describe_entry(struct describer *d, enum tls_kind kind, const char *name,
                        const char *about);

void describe_client_hello(struct describer *d);
void describe_server_hello(struct describer *d);
void describe_compressed_certificate(struct describer *d);
void describe_extensions(struct describer *d, const char *about);

#endif
