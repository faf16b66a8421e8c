/*
 * Reads request heads. Two passes: one finds the end of the head and looks at nothing but line ends
 * and lengths, remembering how far it came; the other reads the whole head once.
 *
 * Not done: bodies (h1_body.c), routing, decoding of the path.
 */
#include "http/h1.h"

#include "base/str.h"

#include <string.h>

/* --- finding the end ----------------------------------------------------------------------------
 */

static enum h1_result refuse(struct h1_refusal *out, int status, const char *reason) {
    *out = (struct h1_refusal){.status = status, .reason = reason};
    return H1_REFUSED;
}

static size_t skip_empty_lines(const uint8_t *bytes, size_t len) {
    size_t at = 0;
    while (at < 2 * H1_EMPTY_LINES_MAX && len - at >= 2 && bytes[at] == '\r' &&
           bytes[at + 1] == '\n') {
        at += 2;
    }
    return at;
}

/* Start of the line in which scanned lies: it stops behind a line feed or where the bytes ended. */
static size_t line_start(const uint8_t *bytes, size_t start, size_t scanned) {
    const uint8_t *newline = scanned > start ? memrchr(bytes + start, '\n', scanned - start) : NULL;
    return newline == NULL ? start : (size_t)(newline - bytes) + 1;
}

static enum h1_result check_line_len(size_t start, size_t line, size_t len,
                                     struct h1_refusal *out) {
    if (len <= H1_LINE_MAX) {
        return H1_MORE;
    }
    return line == start ? refuse(out, 414, "the request line is too long")
                         : refuse(out, 431, "a header field is too long");
}

/* Looks for the empty line; lines end in CR LF and nothing else. */
static enum h1_result find_end(const uint8_t *bytes, size_t start, size_t len, size_t *scanned,
                               size_t *out_end, struct h1_refusal *out) {
    size_t line = line_start(bytes, start, *scanned);
    size_t at = *scanned > start ? *scanned : start;
    const uint8_t *newline = NULL;
    while (at < len && (newline = memchr(bytes + at, '\n', len - at)) != NULL) {
        size_t end = (size_t)(newline - bytes);
        if (end == line || bytes[end - 1] != '\r') {
            return refuse(out, 400, "a line does not end in CR LF");
        }
        if (check_line_len(start, line, end - 1 - line, out) == H1_REFUSED) {
            return H1_REFUSED;
        }
        if (end + 1 - start > H1_HEAD_MAX) {
            return refuse(out, 431, "the header is too large");
        }
        if (end - 1 == line) {
            *out_end = end + 1;
            return H1_WHOLE;
        }
        line = at = end + 1;
    }
    *scanned = len;
    if (len > start && len - start > H1_HEAD_MAX) {
        return refuse(out, 431, "the header is too large");
    }
    return check_line_len(start, line, len - line, out);
}

/* --- characters
 * ----------------------------------------------------------------------------------- */

/* RFC 9110 §5.6.2 */
static bool is_token_char(char c) {
    return str_is_alpha(c) || str_is_digit(c) ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct http_text text) {
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char(text.at[i])) {
            return false;
        }
    }
    return text.len > 0;
}

/* Visible ASCII; what else a target may hold is percent-encoded. "#" has no place in a request. */
static bool is_target(struct http_text text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == '#') {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_value(struct http_text text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.at[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

static struct http_text cut(struct http_text text, size_t from, size_t len) {
    return (struct http_text){.at = text.at + from, .len = len};
}

static struct http_text trim(struct http_text text) {
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
        text = cut(text, 1, text.len - 1);
    }
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

/* Splits at the first such character; false when there is none. */
static bool split(struct http_text text, char at, struct http_text *out_before,
                  struct http_text *out_after) {
    const char *found = memchr(text.at, at, text.len);
    if (found == NULL) {
        return false;
    }
    size_t before = (size_t)(found - text.at);
    *out_after = cut(text, before + 1, text.len - before - 1);
    *out_before = cut(text, 0, before);
    return true;
}

/* --- the request line
 * ----------------------------------------------------------------------------- */

static const char *const method_names[] = {
    [HTTP_GET] = "GET",         [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT",         [HTTP_DELETE] = "DELETE", [HTTP_CONNECT] = "CONNECT",
    [HTTP_OPTIONS] = "OPTIONS", [HTTP_TRACE] = "TRACE",   [HTTP_PATCH] = "PATCH",
};

static enum http_method method_of(struct http_text text) {
    for (size_t i = 0; i < PL_ARRAY_LEN(method_names); i++) {
        if (http_text_equal(text, method_names[i])) {
            return (enum http_method)i;
        }
    }
    return HTTP_METHOD_OTHER;
}

static bool is_ip6_literal(struct http_text text) {
    for (size_t i = 1; i + 1 < text.len; i++) {
        char c = text.at[i];
        bool is_hex = str_is_digit(c) || (str_lower_char(c) >= 'a' && str_lower_char(c) <= 'f');
        if (!is_hex && c != ':' && c != '.') {
            return false;
        }
    }
    return text.len > 3 && text.at[0] == '[' && text.at[text.len - 1] == ']';
}

static bool is_host_name(struct http_text text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (!str_is_alpha(c) && !str_is_digit(c) && c != '-' && c != '.' && c != '_') {
            return false;
        }
    }
    return text.len > 0 && text.len <= 255 && text.at[0] != '.';
}

static bool is_port(struct http_text text) {
    unsigned port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!str_is_digit(text.at[i]) || i >= 5) {
            return false;
        }
        port = port * 10 + (unsigned)(text.at[i] - '0');
    }
    return port <= 65535;
}

/* host[:port], RFC 9110 §7.2; no user information. */
static bool read_authority(struct http_text text, struct http_text *out_host) {
    struct http_text host = text;
    struct http_text port = {0};
    bool is_literal = text.len > 0 && text.at[0] == '[';
    const char *colon = memrchr(text.at, ':', text.len);
    if (colon != NULL && !(is_literal && text.at[text.len - 1] == ']')) {
        host.len = (size_t)(colon - text.at);
        port = cut(text, host.len + 1, text.len - host.len - 1);
    }
    *out_host = host;
    return (is_literal ? is_ip6_literal(host) : is_host_name(host)) && is_port(port);
}

static size_t scheme_len(struct http_text target) {
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < PL_ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (target.len > len && http_text_equal_nocase(cut(target, 0, len), schemes[i])) {
            return len;
        }
    }
    return 0;
}

/* RFC 9112 §3.2.2; an empty path is "/". */
static bool read_absolute(struct http_text target, struct http_request *out,
                          struct http_text *out_path) {
    struct http_text rest = cut(target, scheme_len(target), target.len - scheme_len(target));
    size_t authority = 0;
    while (authority < rest.len && rest.at[authority] != '/' && rest.at[authority] != '?') {
        authority++;
    }
    *out_path = cut(rest, authority, rest.len - authority);
    if (!read_authority(cut(rest, 0, authority), &out->host)) {
        return false;
    }
    if (out_path->len == 0) {
        *out_path = (struct http_text){.at = "/", .len = 1};
    }
    return out_path->at[0] == '/';
}

static enum h1_result read_target(struct http_request *out, struct h1_refusal *refusal) {
    struct http_text path = out->target;
    if (!is_target(out->target)) {
        return refuse(refusal, 400, "the request's target has characters that must be encoded");
    }
    if (out->method == HTTP_CONNECT) {
        return refuse(refusal, 501, "this server is no proxy");
    }
    bool is_asterisk = http_text_equal(out->target, "*");
    if (is_asterisk ? out->method != HTTP_OPTIONS
                    : out->target.at[0] != '/' && (scheme_len(out->target) == 0 ||
                                                   !read_absolute(out->target, out, &path))) {
        return refuse(refusal, 400, "the request's target is no path");
    }
    out->path = path;
    (void)split(path, '?', &out->path, &out->query);
    return H1_WHOLE;
}

static enum h1_result read_version(struct http_text version, struct http_request *out,
                                   struct h1_refusal *refusal) {
    bool is_http = version.len == 8 && memcmp(version.at, "HTTP/", 5) == 0 &&
                   str_is_digit(version.at[5]) && version.at[6] == '.' &&
                   str_is_digit(version.at[7]);
    if (!is_http) {
        return refuse(refusal, 400, "the request line has no HTTP version");
    }
    if (version.at[5] != '1') {
        return refuse(refusal, 505, "this port speaks HTTP/1.1");
    }
    out->minor = version.at[7] == '0' ? 0 : 1;
    return H1_WHOLE;
}

static enum h1_result read_request_line(struct http_text line, struct http_request *out,
                                        struct h1_refusal *refusal) {
    struct http_text rest = {0};
    struct http_text version = {0};
    if (!split(line, ' ', &out->method_text, &rest) || !split(rest, ' ', &out->target, &version) ||
        !is_token(out->method_text)) {
        return refuse(refusal, 400, "the request line is malformed");
    }
    out->method = method_of(out->method_text);
    enum h1_result result = read_version(version, out, refusal);
    return result == H1_WHOLE ? read_target(out, refusal) : result;
}

/* --- fields
 * ---------------------------------------------------------------------------------------- */

static enum h1_result read_field(struct http_text line, struct http_request *out,
                                 struct h1_refusal *refusal) {
    if (out->field_count == HTTP_FIELDS_MAX) {
        return refuse(refusal, 431, "the header has too many fields");
    }
    struct http_field *field = &out->fields[out->field_count];
    if (line.at[0] == ' ' || line.at[0] == '\t') {
        return refuse(refusal, 400, "a header field is folded over two lines");
    }
    if (!split(line, ':', &field->name, &field->value) || !is_token(field->name)) {
        return refuse(refusal, 400, "a header field has no valid name");
    }
    field->value = trim(field->value);
    if (!is_value(field->value)) {
        return refuse(refusal, 400, "a header field has control characters");
    }
    out->field_count++;
    return H1_WHOLE;
}

static enum h1_result read_fields(struct http_text fields, struct http_request *out,
                                  struct h1_refusal *refusal) {
    struct http_text line = {0};
    while (fields.len > 0 && split(fields, '\n', &line, &fields)) {
        line.len--; /* the CR, which find_end() has seen */
        enum h1_result result = read_field(line, out, refusal);
        if (result != H1_WHOLE) {
            return result;
        }
    }
    return H1_WHOLE;
}

/* Exactly one Host in HTTP/1.1, at most one before; RFC 9112 §3.2. An absolute target overrides it.
 */
static enum h1_result check_host(struct http_request *out, struct h1_refusal *refusal) {
    size_t count = http_request_field_count(out, "host");
    struct http_text host = {0};
    if (count > 1 || (count == 0 && out->minor > 0)) {
        return refuse(refusal, 400,
                      count == 0 ? "the Host field is missing" : "there are two Host fields");
    }
    if (count == 1 && !read_authority(http_request_field(out, "host"), &host)) {
        return refuse(refusal, 400, "the Host field is no host name");
    }
    out->host = out->host.at == NULL ? host : out->host;
    return H1_WHOLE;
}

static bool read_length(struct http_text value, uint64_t *out) {
    uint64_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (!str_is_digit(value.at[i]) || __builtin_mul_overflow(len, (uint64_t)10, &len) ||
            __builtin_add_overflow(len, (uint64_t)(value.at[i] - '0'), &len)) {
            return false;
        }
    }
    *out = len;
    return value.len > 0 && len <= INT64_MAX;
}

static enum h1_result check_codings(struct http_request *out, size_t lengths,
                                    struct h1_refusal *refusal) {
    struct http_text codings = http_request_field(out, "transfer-encoding");
    if (lengths > 0 || out->minor == 0 || http_request_field_count(out, "transfer-encoding") > 1) {
        return refuse(refusal, 400, "the request's length is said in two ways");
    }
    if (!http_text_equal_nocase(codings, "chunked")) {
        size_t last = strlen("chunked");
        bool ends_chunked =
            codings.len > last &&
            http_text_equal_nocase(cut(codings, codings.len - last, last), "chunked") &&
            memchr(", \t", codings.at[codings.len - last - 1], 3) != NULL;
        return ends_chunked
                   ? refuse(refusal, 501, "the transfer coding is not known")
                   : refuse(refusal, 400, "the request's last transfer coding is not chunked");
    }
    out->body_kind = HTTP_BODY_CHUNKED;
    return H1_WHOLE;
}

/* RFC 9112 §6.3, and nothing that §6.1 lets a server guess. */
static enum h1_result check_body(struct http_request *out, struct h1_refusal *refusal) {
    size_t lengths = http_request_field_count(out, "content-length");
    if (http_request_field(out, "transfer-encoding").at != NULL) {
        return check_codings(out, lengths, refusal);
    }
    if (lengths > 1 ||
        (lengths == 1 && !read_length(http_request_field(out, "content-length"), &out->body_len))) {
        return refuse(refusal, 400, "the Content-Length field is not one number");
    }
    out->body_kind = out->body_len > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_NONE;
    return H1_WHOLE;
}

static void apply_connection_token(struct http_text token, struct http_request *out,
                                   bool *has_close) {
    if (http_text_equal_nocase(token, "close")) {
        *has_close = true;
    } else if (http_text_equal_nocase(token, "keep-alive")) {
        out->is_keep_alive = true;
    }
}

/* RFC 9112 §9.3: close wins; HTTP/1.0 must ask for keep-alive. */
static void read_connection(struct http_request *out) {
    bool has_close = false;
    out->is_keep_alive = out->minor > 0;
    for (size_t i = 0; i < out->field_count; i++) {
        struct http_text rest = out->fields[i].value;
        struct http_text token = {0};
        if (!http_text_equal_nocase(out->fields[i].name, "connection")) {
            continue;
        }
        while (split(rest, ',', &token, &rest)) {
            apply_connection_token(trim(token), out, &has_close);
        }
        apply_connection_token(trim(rest), out, &has_close);
    }
    out->is_keep_alive = out->is_keep_alive && !has_close;
}

static enum h1_result check_expectation(struct http_request *out, struct h1_refusal *refusal) {
    struct http_text expectation = http_request_field(out, "expect");
    if (expectation.at == NULL) {
        return H1_WHOLE;
    }
    if (!http_text_equal_nocase(expectation, "100-continue")) {
        return refuse(refusal, 417, "the expectation is not known");
    }
    out->expects_continue = out->minor > 0 && out->body_kind != HTTP_BODY_NONE;
    return H1_WHOLE;
}

/* The head from its request line to its empty line. */
static enum h1_result read_whole(struct http_text head, struct http_request *out,
                                 struct h1_refusal *refusal) {
    struct http_text line = {0};
    struct http_text fields = {0};
    head.len -= 2; /* the empty line */
    if (!split(head, '\n', &line, &fields)) {
        return refuse(refusal, 400, "the request line has no end");
    }
    line.len--; /* the carriage return */
    enum h1_result result = read_request_line(line, out, refusal);
    result = result == H1_WHOLE ? read_fields(fields, out, refusal) : result;
    result = result == H1_WHOLE ? check_host(out, refusal) : result;
    result = result == H1_WHOLE ? check_body(out, refusal) : result;
    result = result == H1_WHOLE ? check_expectation(out, refusal) : result;
    if (result == H1_WHOLE) {
        read_connection(out);
    }
    return result;
}

/* All but the fields, of which field_count says how many there are. */
static void clear_request(struct http_request *out) {
    memset(out, 0, offsetof(struct http_request, fields));
}

enum h1_result h1_read_head(const uint8_t *bytes, size_t len, size_t *scanned,
                            struct http_request *out_request, size_t *out_head_len,
                            struct h1_refusal *out_refusal) {
    size_t start = skip_empty_lines(bytes, len);
    size_t end = 0;
    if (start < len && bytes[start] != '\r' && !is_token_char((char)bytes[start])) {
        return refuse(out_refusal, 400, "the bytes are not HTTP");
    }
    enum h1_result result = find_end(bytes, start, len, scanned, &end, out_refusal);
    if (result != H1_WHOLE) {
        return result;
    }
    if (end - start == 2) {
        return refuse(out_refusal, 400, "there are too many empty lines");
    }
    clear_request(out_request);
    *out_head_len = end;
    return read_whole((struct http_text){.at = (const char *)bytes + start, .len = end - start},
                      out_request, out_refusal);
}
