/*
 * Reading a document that another process, or a file, tells: nothing in it is believed to have a
 * certain form, and what is not there, or something else, is empty.
 */
#ifndef PL_INSPECT_TRACE_TOLD_H
#define PL_INSPECT_TRACE_TOLD_H

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

/* Borrowed from the document. */
static inline const char *told_text(const json_t *o, const char *name) {
    const char *text = json_string_value(json_object_get(o, name));
    return text == NULL ? "" : text;
}

static inline int64_t told_number(const json_t *o, const char *name) {
    return json_integer_value(json_object_get(o, name));
}

static inline bool told_is_set(const json_t *o, const char *name) {
    return json_is_true(json_object_get(o, name));
}

#endif
