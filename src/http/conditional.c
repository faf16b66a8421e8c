/* Conditions and ranges. A field that is malformed is ignored, as RFC 9110 asks. */
#include "http/conditional.h"

#include "base/clock.h"
#include "base/str.h"

#include <string.h>

static struct http_text trim(struct http_text text) {
    while (text.len > 0 && str_is_space(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && str_is_space(text.at[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* The next member of a list that has no commas inside members; false at the end. */
static bool next_member(struct http_text *rest, struct http_text *out) {
    if (rest->at == NULL) {
        return false;
    }
    const char *comma = memchr(rest->at, ',', rest->len);
    size_t len = comma == NULL ? rest->len : (size_t)(comma - rest->at);
    *out = trim((struct http_text){.at = rest->at, .len = len});
    rest->at = comma == NULL ? NULL : comma + 1;
    rest->len = comma == NULL ? 0 : rest->len - len - 1;
    return true;
}

static bool parse_date(struct http_text text, int64_t *out_ms) {
    char date[64];
    if (text.at == NULL || text.len >= sizeof(date)) {
        return false;
    }
    memcpy(date, text.at, text.len);
    date[text.len] = '\0';
    return clock_parse_http(date, out_ms);
}

/* Our tags have no comma inside; a foreign one that has matches nothing of ours, cut or whole. */
static bool list_has_etag(struct http_text list, const char *etag, bool weak_is_equal) {
    struct http_text member = {0};
    while (next_member(&list, &member)) {
        bool is_weak = member.len > 2 && memcmp(member.at, "W/", 2) == 0;
        if (is_weak) {
            member.at += 2;
            member.len -= 2;
        }
        if (http_text_equal(member, "*") ||
            (http_text_equal(member, etag) && (!is_weak || weak_is_equal))) {
            return true;
        }
    }
    return false;
}

static bool is_newer(int64_t modified_ms, int64_t date_ms) {
    return modified_ms / CLOCK_SECOND_MS > date_ms / CLOCK_SECOND_MS;
}

enum http_condition http_condition(const struct http_request *request,
                                   const struct http_validators *validators) {
    struct http_text match = http_request_field(request, "if-match");
    struct http_text none_match = http_request_field(request, "if-none-match");
    int64_t date_ms = 0;
    if (match.at != NULL) {
        if (!list_has_etag(match, validators->etag, false)) {
            return HTTP_PRECONDITION_FAILED;
        }
    } else if (parse_date(http_request_field(request, "if-unmodified-since"), &date_ms) &&
               is_newer(validators->modified_ms, date_ms)) {
        return HTTP_PRECONDITION_FAILED;
    }
    if (none_match.at != NULL) {
        return list_has_etag(none_match, validators->etag, true) ? HTTP_NOT_MODIFIED : HTTP_SEND;
    }
    if (parse_date(http_request_field(request, "if-modified-since"), &date_ms) &&
        !is_newer(validators->modified_ms, date_ms)) {
        return HTTP_NOT_MODIFIED;
    }
    return HTTP_SEND;
}

/* §13.1.5: the range counts only for the very representation that the client has a part of. */
static bool if_range_holds(const struct http_request *request,
                           const struct http_validators *validators) {
    struct http_text condition = http_request_field(request, "if-range");
    int64_t date_ms = 0;
    if (condition.at == NULL || http_text_equal(condition, validators->etag)) {
        return true;
    }
    return parse_date(condition, &date_ms) &&
           date_ms / CLOCK_SECOND_MS == validators->modified_ms / CLOCK_SECOND_MS;
}

static bool read_number(struct http_text text, uint64_t *out) {
    char digits[24];
    if (text.len == 0 || text.len >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text.at, text.len);
    digits[text.len] = '\0';
    return str_to_u64(digits, UINT64_MAX, out);
}

enum range_kind { RANGE_MALFORMED, RANGE_OUTSIDE, RANGE_INSIDE };

static enum range_kind suffix_range(struct http_text count, uint64_t len, struct http_range *out) {
    uint64_t wanted = 0;
    if (!read_number(count, &wanted)) {
        return RANGE_MALFORMED;
    }
    wanted = wanted < len ? wanted : len;
    *out = (struct http_range){.offset = len - wanted, .len = wanted};
    return wanted == 0 ? RANGE_OUTSIDE : RANGE_INSIDE;
}

/* "0-499", "500-", "-500" */
static enum range_kind read_range(struct http_text text, uint64_t len, struct http_range *out) {
    const char *dash = memchr(text.at, '-', text.len);
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;
    if (dash == NULL) {
        return RANGE_MALFORMED;
    }
    struct http_text before = {.at = text.at, .len = (size_t)(dash - text.at)};
    struct http_text after = {.at = dash + 1, .len = text.len - before.len - 1};
    if (before.len == 0) {
        return suffix_range(after, len, out);
    }
    if (!read_number(before, &first) || (after.len > 0 && !read_number(after, &last)) ||
        last < first) {
        return RANGE_MALFORMED;
    }
    if (first >= len) {
        return RANGE_OUTSIDE;
    }
    last = last < len ? last : len - 1;
    *out = (struct http_range){.offset = first, .len = last - first + 1};
    return RANGE_INSIDE;
}

static bool overlaps(const struct http_range *ranges, size_t count,
                     const struct http_range *range) {
    for (size_t i = 0; i < count; i++) {
        if (range->offset < ranges[i].offset + ranges[i].len &&
            ranges[i].offset < range->offset + range->len) {
            return true;
        }
    }
    return false;
}

static enum http_ranges read_ranges(struct http_text list, uint64_t len,
                                    struct http_range out_ranges[HTTP_RANGES_MAX],
                                    size_t *out_count) {
    struct http_text member = {0};
    size_t asked = 0;
    *out_count = 0;
    while (next_member(&list, &member)) {
        struct http_range range = {0};
        enum range_kind kind = read_range(member, len, &range);
        if (kind == RANGE_MALFORMED || ++asked > HTTP_RANGES_MAX ||
            (kind == RANGE_INSIDE && overlaps(out_ranges, *out_count, &range))) {
            return HTTP_RANGES_NONE;
        }
        if (kind == RANGE_INSIDE) {
            out_ranges[(*out_count)++] = range;
        }
    }
    return *out_count == 0 ? HTTP_RANGES_UNSATISFIABLE : HTTP_RANGES_SOME;
}

enum http_ranges http_ranges(const struct http_request *request,
                             const struct http_validators *validators,
                             struct http_range out_ranges[HTTP_RANGES_MAX], size_t *out_count) {
    static const char unit[] = "bytes=";
    struct http_text field = http_request_field(request, "range");
    struct http_text start = {.at = field.at, .len = sizeof(unit) - 1};
    if (request->method != HTTP_GET || field.at == NULL || field.len < sizeof(unit) ||
        !http_text_equal_nocase(start, unit) || http_request_field_count(request, "range") > 1 ||
        !if_range_holds(request, validators)) {
        return HTTP_RANGES_NONE;
    }
    struct http_text list = {.at = field.at + start.len, .len = field.len - start.len};
    return read_ranges(list, validators->len, out_ranges, out_count);
}
