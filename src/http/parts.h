/*
 * The built-in site "services": the table of its parts (http/parts.def), and which of them answers
 * for a path. Parts are numbers in masks here; in the store and on the command line they are words.
 */
#ifndef PL_HTTP_PARTS_H
#define PL_HTTP_PARTS_H

#include "base/buf.h"
#include "base/compiler.h"
#include "http/message.h"

enum part {
#define PART(name, text, schemes, path, content_max, about) PART_##name,
#include "http/parts.def"
#undef PART
    PART_COUNT
};

/* Where a part may be switched on: what administrators type never travels in the clear. */
enum { PARTS_HTTP = 1, PARTS_HTTPS = 2 };

/* As the largest of the table. */
enum { PART_CONTENT_MAX = 4 * 1024 * 1024 };

#define PARTS_ALL ((1U << PART_COUNT) - 1)

const char *part_name(enum part part);  /* "console" */
const char *part_about(enum part part); /* "the administrator's console" */
bool part_find(const char *name, enum part *out_part);
bool part_is_allowed(enum part part, bool is_https);
uint64_t part_content_max(enum part part); /* bytes of a request's content */

/* The part of those in mask that answers for a path as it was sent; false when none does. */
bool parts_route(uint32_t mask, struct http_text path, enum part *out_part);

#endif
