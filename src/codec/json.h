/*
 * What Padlock needs besides jansson: members set from our types, members read with an error that
 * names them, text out. Values are jansson's; "take" means that a reference moves.
 */
#ifndef PL_CODEC_JSON_H
#define PL_CODEC_JSON_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/list.h"

#include <jansson.h>

enum { JSON_DEPTH_MAX = 64 };

PL_DEFINE_FREEP(json_freep, json_t, json_decref)

/* An empty object; caller owns. Fails base.oom. */
bool json_new_object(json_t **out_object, struct err *e) PL_MUST_USE;
bool json_new_array(json_t **out_array, struct err *e) PL_MUST_USE;

/* --- members set; each fails base.oom --- */

/* Bytes that are not UTF-8 become U+FFFD; NULL sets null. */
bool json_set_text(json_t *object, const char *name, const char *text, struct err *e) PL_MUST_USE;
/* RFC 3339 in UTC. */
bool json_set_time(json_t *object, const char *name, int64_t time_ms, struct err *e) PL_MUST_USE;
bool json_set_hex(json_t *object, const char *name, const uint8_t *bytes, size_t len, struct err *e)
    PL_MUST_USE;
bool json_set_integer(json_t *object, const char *name, int64_t value, struct err *e) PL_MUST_USE;
bool json_set_bool(json_t *object, const char *name, bool value, struct err *e) PL_MUST_USE;
/* An array of the list's texts. */
bool json_set_list(json_t *object, const char *name, const struct list *list, struct err *e)
    PL_MUST_USE;
/* Takes value, also on failure; a NULL value (out of memory where it was made) fails. */
bool json_set_taken(json_t *object, const char *name, json_t *value, struct err *e) PL_MUST_USE;
/* Appends to an array; takes value, also on failure. */
bool json_add_taken(json_t *array, json_t *value, struct err *e) PL_MUST_USE;

/* --- members read: fail codec.json.missing, codec.json.type (naming the member) --- */

/* Borrowed from the object. */
bool json_get_text(const json_t *object, const char *name, const char **out_text, struct err *e)
    PL_MUST_USE;
/* An expected miss (not there, or null) is success with NULL. */
bool json_get_optional_text(const json_t *object, const char *name, const char **out_text,
                            struct err *e) PL_MUST_USE;
bool json_get_integer(const json_t *object, const char *name, int64_t *out_value, struct err *e)
    PL_MUST_USE;
bool json_get_bool(const json_t *object, const char *name, bool *out_value, struct err *e)
    PL_MUST_USE;
bool json_get_array(const json_t *object, const char *name, json_t **out_array, struct err *e)
    PL_MUST_USE;
bool json_get_object(const json_t *object, const char *name, json_t **out_object, struct err *e)
    PL_MUST_USE;

/* --- text --- */

/*
 * One JSON value that fills the text; an object's names are unique and depth is at most
 * JSON_DEPTH_MAX. Fails codec.json.syntax (with line and column; also for some of jansson's own
 * allocations), base.oom
 */
bool json_parse(const char *text, size_t len, json_t **out_value, struct err *e) PL_MUST_USE;
/*
 * Appends the value, members in the order in which they were set; compact, or two spaces a level.
 *
 */
bool json_write(const json_t *value, bool is_pretty, struct buf *out, struct err *e) PL_MUST_USE;

#endif
