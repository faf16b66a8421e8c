/* What the files that compare two traces share. */
#ifndef PL_INSPECT_TRACE_DIFF_PARTS_H
#define PL_INSPECT_TRACE_DIFF_PARTS_H

#include "inspect/trace/diff.h"

enum diff_kind {
    DIFF_FACT,
    DIFF_MEASURE, /* a size or a time: differs from run to run */
};

/* The comparison of one handshake with another, while it is made. */
struct diff {
    json_t *sections; /* borrowed */
    json_t *rows;     /* of the section that is open; borrowed */
    const char *section;
    size_t row_count; /* in all */
    size_t difference_count;
};

/* A section with nothing in it is left out at the end. Fails base.oom */
bool diff_open(struct diff *d, const char *id, const char *title, struct err *e) PL_MUST_USE;
bool diff_close(struct diff *d, struct err *e) PL_MUST_USE;

/* Arrays of texts, each taken in any case; NULL fails base.oom, an empty one: it is not there.
 * Fails base.oom, base.limit */
bool diff_add(struct diff *d, const char *name, enum diff_kind kind, json_t *a, json_t *b,
              struct err *e) PL_MUST_USE;

/* Reading documents: what is not there is empty. */
const char *diff_text_of(const json_t *o, const char *name);
/* The same, of at most DIFF_NAME_MAX bytes: what is longer is no name. */
enum { DIFF_NAME_MAX = 60 };
const char *diff_name_of(const json_t *o, const char *name);
int64_t diff_number_of(const json_t *o, const char *name);
/* An array of one text; of none when it is empty. NULL: out of memory. */
json_t *diff_one(const char *text);

/* How the paths end whose value is but how long something random is: sizes, no facts. */
#define DIFF_LENGTH_SUFFIX " (length)"

/*
 * A message's fields as {path: [texts in their order]}: containers and what is random are left out,
 * of the latter the length stays. Caller owns. Fails base.oom, base.limit
 */
bool diff_flatten(const json_t *message, json_t **out_object, struct err *e) PL_MUST_USE;

/* What a difference means, a sentence without full stop: appended; nothing where none is known.
 * Fails base.oom, base.limit */
bool diff_meaning(const char *section, const char *name, const json_t *a, const json_t *b,
                  struct buf *out, struct err *e) PL_MUST_USE;

#endif
