/* Answers, read strictly: a head of at most ANSWER_HEAD_MAX bytes, then the body. */
#include "http/answer.h"

#include "base/str.h"

#include <string.h>

struct line {
    const char *at;
    size_t len;
};

/* The next line without its end; false when it has none. */
static bool take_line(const uint8_t **at, const uint8_t *end, struct line *out) {
    const uint8_t *newline = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    if (newline == NULL) {
        return false;
    }
    out->at = (const char *)*at;
    out->len = (size_t)(newline - *at);
    out->len -= out->len > 0 && out->at[out->len - 1] == '\r' ? 1 : 0;
    *at = newline + 1;
    return true;
}

/* "HTTP/1.1 200 OK" */
static bool read_status(struct line line, int *out_status) {
    static const char start[] = "HTTP/1.";
    enum { STATUS_AT = 9, STATUS_END = 12 };
    if (line.len < STATUS_END || memcmp(line.at, start, sizeof(start) - 1) != 0 ||
        line.at[STATUS_AT - 1] != ' ' || (line.len > STATUS_END && line.at[STATUS_END] != ' ')) {
        return false;
    }
    *out_status = 0;
    for (size_t i = STATUS_AT; i < STATUS_END; i++) {
        if (!str_is_digit(line.at[i])) {
            return false;
        }
        *out_status = *out_status * 10 + (line.at[i] - '0');
    }
    return true;
}

/* The value of a field of that name, without the space around it. */
static bool read_field(struct line line, const char *name, char *out, size_t size) {
    size_t len = strlen(name);
    if (line.len <= len || line.at[len] != ':') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (str_lower_char(line.at[i]) != name[i]) {
            return false;
        }
    }
    const char *at = line.at + len + 1;
    const char *end = line.at + line.len;
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    while (end > at && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    size_t value_len = (size_t)(end - at);
    if (value_len >= size || memchr(at, '\0', value_len) != NULL) {
        return false;
    }
    memcpy(out, at, value_len);
    out[value_len] = '\0';
    return true;
}

struct head {
    bool has_length;
    uint64_t length;
    bool is_coded; /* Transfer-Encoding: not to be sent to who speaks HTTP/1.0 */
};

static bool read_line(struct line line, struct head *head, struct answer *answer) {
    char value[32];
    if (read_field(line, "content-length", value, sizeof(value))) {
        uint64_t length = 0;
        bool is_same =
            str_to_u64(value, UINT32_MAX, &length) && (!head->has_length || head->length == length);
        head->has_length = true;
        head->length = length;
        return is_same;
    }
    head->is_coded = head->is_coded || read_field(line, "transfer-encoding", value, sizeof(value));
    (void)read_field(line, "location", answer->location, sizeof(answer->location));
    return true;
}

static enum answer_result read_body(const uint8_t *at, size_t left, bool is_end,
                                    const struct head *head, struct answer *answer) {
    answer->body = at;
    answer->body_len = head->has_length && head->length < left ? (size_t)head->length : left;
    if (head->has_length) {
        return answer->body_len == head->length ? ANSWER_WHOLE
               : is_end                         ? ANSWER_BROKEN
                                                : ANSWER_MORE;
    }
    return is_end ? ANSWER_WHOLE : ANSWER_MORE;
}

enum answer_result answer_read(const uint8_t *bytes, size_t len, bool is_end,
                               struct answer *out_answer) {
    const uint8_t *at = bytes;
    const uint8_t *end = bytes + len;
    struct head head = {.has_length = false};
    struct line line;
    *out_answer = (struct answer){0};
    bool is_first = true;
    while (take_line(&at, end, &line)) {
        if ((size_t)(at - bytes) > ANSWER_HEAD_MAX) {
            return ANSWER_BROKEN;
        }
        if (line.len == 0 && !is_first) {
            return head.is_coded ? ANSWER_BROKEN
                                 : read_body(at, (size_t)(end - at), is_end, &head, out_answer);
        }
        if (is_first ? !read_status(line, &out_answer->status)
                     : !read_line(line, &head, out_answer)) {
            return ANSWER_BROKEN;
        }
        is_first = false;
    }
    return is_end || len > ANSWER_HEAD_MAX ? ANSWER_BROKEN : ANSWER_MORE;
}
