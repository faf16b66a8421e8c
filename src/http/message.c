/* Requests' fields, responses and their bodies. The one I/O here is pread() of a response's file.
 */
#include "http/message.h"

#include "base/escape.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool http_text_equal(struct http_text text, const char *string) {
    return text.at != NULL && strlen(string) == text.len && memcmp(text.at, string, text.len) == 0;
}

bool http_text_equal_nocase(struct http_text text, const char *string) {
    if (text.at == NULL || strlen(string) != text.len) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (str_lower_char(text.at[i]) != str_lower_char(string[i])) {
            return false;
        }
    }
    return true;
}

struct http_text http_request_field(const struct http_request *request, const char *name) {
    for (size_t i = 0; i < request->field_count; i++) {
        if (http_text_equal_nocase(request->fields[i].name, name)) {
            return request->fields[i].value;
        }
    }
    return (struct http_text){0};
}

size_t http_request_field_count(const struct http_request *request, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < request->field_count; i++) {
        count += http_text_equal_nocase(request->fields[i].name, name) ? 1 : 0;
    }
    return count;
}

/* --- responses ----------------------------------------------------------------------------------
 */

static void init_body(struct http_body *body) {
    body->fd = -1;
    buf_init(&body->memory, HTTP_MEMORY_BODY_MAX);
    body->part_count = 0;
    body->len = 0;
    body->part = 0;
    body->part_at = 0;
}

static void clear_body(struct http_body *body) {
    if (body->fd >= 0) {
        (void)close(body->fd);
    }
    buf_clear(&body->memory);
    init_body(body);
}

void http_response_init(struct http_response *response, int status) {
    response->status = status;
    response->must_close = false;
    buf_init(&response->fields, HTTP_RESPONSE_FIELDS_MAX);
    init_body(&response->body);
}

void http_response_clear(struct http_response *response) {
    buf_clear(&response->fields);
    clear_body(&response->body);
}

static bool has_control(const char *value) {
    for (; *value != '\0'; value++) {
        if (((uint8_t)*value < ' ' && *value != '\t') || *value == 0x7F) {
            return true;
        }
    }
    return false;
}

bool http_response_add(struct http_response *response, const char *name, const char *value,
                       struct err *e) {
    if (has_control(value)) {
        return err_set(e, ERR_HTTP_FIELD, "a response's field %s would have control characters",
                       name);
    }
    size_t len = response->fields.len;
    if (!buf_reserve(&response->fields, strlen(name) + strlen(value) + 4, e) ||
        !buf_append_string(&response->fields, name, e) ||
        !buf_append(&response->fields, ": ", 2, e) ||
        !buf_append_string(&response->fields, value, e) ||
        !buf_append(&response->fields, "\r\n", 2, e)) {
        response->fields.len = len;
        return false;
    }
    return true;
}

bool http_response_printf(struct http_response *response, struct err *e, const char *name,
                          const char *format, ...) {
    char value[512];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof(value)) {
        return err_set(e, ERR_BASE_LIMIT, "a response's field %s is too long", name);
    }
    return http_response_add(response, name, value, e);
}

static bool add_part(struct http_body *body, struct http_part part, struct err *e) {
    uint64_t len = 0;
    if (body->part_count == HTTP_PARTS_MAX || __builtin_add_overflow(body->len, part.len, &len)) {
        return err_set(e, ERR_BASE_LIMIT, "a body has more than %d parts", HTTP_PARTS_MAX);
    }
    body->parts[body->part_count++] = part;
    body->len = len;
    return true;
}

bool http_body_add_memory(struct http_body *body, const void *bytes, size_t len, struct err *e) {
    struct http_part part = {.offset = body->memory.len, .len = len};
    return buf_append(&body->memory, bytes, len, e) && add_part(body, part, e);
}

bool http_body_add_file(struct http_body *body, uint64_t offset, uint64_t len, struct err *e) {
    PL_BUG_UNLESS(body->fd >= 0);
    return add_part(body, (struct http_part){.is_file = true, .offset = offset, .len = len}, e);
}

static bool read_file(int fd, uint64_t offset, uint8_t *out, size_t size, size_t *out_len,
                      struct err *e) {
    ssize_t got = -1;
    do {
        got = pread(fd, out, size, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return err_set_errno(e, ERR_HTTP_BODY_READ, errno, "cannot read the file");
    }
    if (got == 0) {
        return err_set(e, ERR_HTTP_BODY_SHORT, "the file has become shorter while it was sent");
    }
    *out_len = (size_t)got;
    return true;
}

static bool read_part(struct http_body *body, uint8_t *out, size_t size, size_t *out_len,
                      struct err *e) {
    const struct http_part *part = &body->parts[body->part];
    uint64_t left = part->len - body->part_at;
    size_t wanted = left < size ? (size_t)left : size;
    uint64_t offset = part->offset + body->part_at;
    if (part->is_file) {
        return read_file(body->fd, offset, out, wanted, out_len, e);
    }
    memcpy(out, body->memory.data + offset, wanted);
    *out_len = wanted;
    return true;
}

bool http_body_read(struct http_body *body, void *out, size_t size, size_t *out_len,
                    struct err *e) {
    size_t len = 0;
    while (len < size && body->part < body->part_count) {
        size_t got = 0;
        if (body->part_at < body->parts[body->part].len &&
            !read_part(body, (uint8_t *)out + len, size - len, &got, e)) {
            return false;
        }
        len += got;
        body->part_at += got;
        if (body->part_at == body->parts[body->part].len) {
            body->part++;
            body->part_at = 0;
        }
    }
    *out_len = len;
    return true;
}

bool http_body_is_done(const struct http_body *body) {
    return body->part == body->part_count;
}

const char *http_status_phrase(int status) {
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {100, "Continue"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {425, "Too Early"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(phrases); i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return "Unknown";
}

static const char page_start[] =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<meta name=\"color-scheme\" content=\"light dark\">"
    "<style>body{font:1.1em/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em}"
    "h1{font-size:1.4em;font-weight:600}</style>";

bool http_response_set_page(struct http_response *response, int status, const char *sentence,
                            struct err *e) {
    const char *phrase = http_status_phrase(status);
    clear_body(&response->body);
    response->status = status;
    PL_AUTO(buf_clear) struct buf page;
    buf_init(&page, 8 * 1024);
    if (!buf_append_string(&page, page_start, e) ||
        !buf_printf(&page, e, "<title>%d %s</title><h1>%d %s</h1>", status, phrase, status,
                    phrase)) {
        return false;
    }
    if (sentence != NULL && (!buf_append_string(&page, "<p>", e) ||
                             !escape_append(&page, ESCAPE_HTML, sentence, strlen(sentence), e))) {
        return false;
    }
    return buf_append_string(&page, "\n</html>\n", e) &&
           http_response_add(response, "Content-Type", "text/html; charset=utf-8", e) &&
           http_body_add_memory(&response->body, page.data, page.len, e);
}
