/* http/h1: a corpus of heads, whole, cut at each byte, and what must be refused for safety's sake.
 */
#include "unit.h"

#include "http/h1.h"

#include <stdio.h>

/* One read with nothing kept from before. */
static enum h1_result read_head(const char *text, size_t len, struct http_request *out,
                                size_t *used, struct h1_refusal *refusal) {
    size_t scanned = 0;
    *refusal = (struct h1_refusal){0};
    return h1_read_head((const uint8_t *)text, len, &scanned, out, used, refusal);
}

static void assert_whole(const char *text, struct http_request *out) {
    struct h1_refusal refusal;
    size_t used = 0;
    enum h1_result result = read_head(text, strlen(text), out, &used, &refusal);
    if (result != H1_WHOLE) {
        fail_msg("%s: %d %s", text, refusal.status, refusal.reason == NULL ? "" : refusal.reason);
    }
    assert_int_equal(used, strlen(text));
}

static void assert_refused(const char *text, int status) {
    struct http_request request;
    struct h1_refusal refusal;
    size_t used = 0;
    enum h1_result result = read_head(text, strlen(text), &request, &used, &refusal);
    if (result != H1_REFUSED || refusal.status != status) {
        fail_msg("%s: result %d, status %d, not %d", text, (int)result, refusal.status, status);
    }
    assert_non_null(refusal.reason);
}

static void assert_text(struct http_text text, const char *expected) {
    if (!http_text_equal(text, expected)) {
        fail_msg("\"%.*s\" is not \"%s\"", (int)text.len, text.at == NULL ? "" : text.at, expected);
    }
}

#define HOST "Host: example.com\r\n"
#define GET_WITH(fields) "GET / HTTP/1.1\r\n" HOST fields "\r\n"
#define POST_WITH(fields) "POST / HTTP/1.1\r\n" HOST fields "\r\n"

static const char usual[] =
    "GET /a/b%20c?d=e&f HTTP/1.1\r\nHost: www.Example.com:8443\r\nAccept: */*\r\n"
    "X-Empty:\r\nX-Space:  a b \t\r\n\r\n";

static void assert_usual(const struct http_request *r) {
    assert_int_equal(r->method, HTTP_GET);
    assert_text(r->target, "/a/b%20c?d=e&f");
    assert_text(r->path, "/a/b%20c");
    assert_text(r->query, "d=e&f");
    assert_text(r->host, "www.Example.com");
    assert_int_equal(r->field_count, 4);
    assert_text(http_request_field(r, "ACCEPT"), "*/*");
    assert_text(http_request_field(r, "x-empty"), "");
    assert_text(http_request_field(r, "x-space"), "a b");
    assert_null(http_request_field(r, "x-none").at);
    assert_true(r->is_keep_alive);
    assert_int_equal(r->body_kind, HTTP_BODY_NONE);
}

static void test_a_usual_request_is_read(void **state) {
    (void)state;
    struct http_request request;
    assert_whole(usual, &request);
    assert_usual(&request);
}

static void test_every_shorter_part_asks_for_more(void **state) {
    (void)state;
    struct http_request request;
    struct h1_refusal refusal;
    size_t used = 0;
    for (size_t len = 0; len < sizeof(usual) - 1; len++) {
        assert_int_equal(read_head(usual, len, &request, &used, &refusal), H1_MORE);
    }
}

static void test_byte_by_byte_is_the_same_as_at_once(void **state) {
    (void)state;
    struct http_request request;
    struct h1_refusal refusal;
    size_t used = 0;
    size_t scanned = 0;
    for (size_t len = 0; len < sizeof(usual) - 1; len++) {
        assert_int_equal(
            h1_read_head((const uint8_t *)usual, len, &scanned, &request, &used, &refusal),
            H1_MORE);
        assert_int_equal(scanned, len);
    }
    assert_int_equal(h1_read_head((const uint8_t *)usual, sizeof(usual) - 1, &scanned, &request,
                                  &used, &refusal),
                     H1_WHOLE);
    assert_usual(&request);
}

static void test_what_follows_is_left(void **state) {
    (void)state;
    struct http_request request;
    struct h1_refusal refusal;
    size_t used = 0;
    static const char two[] = "\r\n\r\n" GET_WITH("") GET_WITH("");
    assert_int_equal(read_head(two, sizeof(two) - 1, &request, &used, &refusal), H1_WHOLE);
    assert_int_equal(used, 4 + strlen(GET_WITH("")));
}

static void test_targets(void **state) {
    (void)state;
    struct http_request r;
    assert_whole("GET http://user.example:80/a?b HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_text(r.host, "user.example"); /* the target's, not the field's */
    assert_text(r.path, "/a");
    assert_whole("GET HTTPS://a.example HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_text(r.path, "/");
    assert_whole("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_text(r.path, "*");
    assert_whole("GET /?? HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_text(r.query, "?");
    static const char *const bad[] = {
        "GET * HTTP/1.1\r\n" HOST "\r\n",
        "GET a HTTP/1.1\r\n" HOST "\r\n",
        "GET example.com:80 HTTP/1.1\r\n" HOST "\r\n",
        "GET http:///a HTTP/1.1\r\n" HOST "\r\n",
        "GET http://a@b/ HTTP/1.1\r\n" HOST "\r\n",
        "GET http://a?b HTTP/1.1\r\n" HOST "\r\n",
        "GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n",
        "GET /a#b HTTP/1.1\r\n" HOST "\r\n",
        "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n",
        "GET /a\tb HTTP/1.1\r\n" HOST "\r\n",
        "GET /a b HTTP/1.1\r\n" HOST "\r\n",
        "GET  / HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1 \r\n" HOST "\r\n",
        "GET /\r\n" HOST "\r\n",
        "GET\r\n" HOST "\r\n",
        "GET / HTTP/1\r\n" HOST "\r\n",
        "GET / http/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.11\r\n" HOST "\r\n",
        "G(T / HTTP/1.1\r\n" HOST "\r\n",
        " GET / HTTP/1.1\r\n" HOST "\r\n",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        assert_refused(bad[i], 400);
    }
    assert_refused("CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", 501);
    assert_refused("GET / HTTP/2.0\r\n" HOST "\r\n", 505);
    assert_refused("PRI * HTTP/2.0\r\n\r\n", 505);
}

static void test_methods(void **state) {
    (void)state;
    struct http_request r;
    assert_whole("HEAD / HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_int_equal(r.method, HTTP_HEAD);
    assert_whole("head / HTTP/1.1\r\n" HOST "\r\n", &r); /* methods are case-sensitive */
    assert_int_equal(r.method, HTTP_METHOD_OTHER);
    assert_whole("BREW / HTTP/1.1\r\n" HOST "\r\n", &r);
    assert_int_equal(r.method, HTTP_METHOD_OTHER);
    assert_text(r.method_text, "BREW");
}

static void test_exactly_one_host_that_is_a_host(void **state) {
    (void)state;
    struct http_request r;
    assert_refused("GET / HTTP/1.1\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400);
    assert_whole("GET / HTTP/1.0\r\n\r\n", &r);
    assert_null(r.host.at);
    assert_refused("GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400);
    static const struct {
        const char *field;
        const char *host; /* NULL: refused */
    } table[] = {
        {"a", "a"},
        {"a.b-c_d.example", "a.b-c_d.example"},
        {"a:", "a"},
        {"a:65535", "a"},
        {"192.0.2.1:80", "192.0.2.1"},
        {"[::1]", "[::1]"},
        {"[2001:db8::1]:443", "[2001:db8::1]"},
        {"", NULL},
        {"a:65536", NULL},
        {"a:80x", NULL},
        {"a:b:80", NULL},
        {"::1", NULL},
        {"[::1", NULL},
        {"[::g]", NULL},
        {"[]", NULL},
        {"a b", NULL},
        {"a/b", NULL},
        {"a@b", NULL},
        {"a,b", NULL},
        {".a", NULL},
        {"a%00b", NULL},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(table); i++) {
        char text[200];
        (void)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", table[i].field);
        if (table[i].host == NULL) {
            assert_refused(text, 400);
        } else {
            assert_whole(text, &r);
            assert_text(r.host, table[i].host);
        }
    }
}

static void test_fields_that_two_readers_could_see_differently_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        GET_WITH("A : b\r\n"), /* space before the colon */
        GET_WITH(" A: b\r\n"), /* folded */
        GET_WITH("A: b\r\n c\r\n"),
        GET_WITH("\tA: b\r\n"),
        GET_WITH(": b\r\n"),
        GET_WITH("A\r\n"),
        GET_WITH("A b: c\r\n"),
        GET_WITH("A(: c\r\n"),
        GET_WITH("A\xc3\xa9: c\r\n"),
        GET_WITH("A: b\nB: c\r\n"), /* a bare LF */
        GET_WITH("A: b\rB: c\r\n"), /* a bare CR */
        GET_WITH("A: b\r\r\n"),
        GET_WITH("A: \x01\r\n"),
        GET_WITH("A: \x7f\r\n"),
        "GET / HTTP/1.1\n" HOST "\r\n",
        "GET / HTTP/1.1\r\n" HOST "\n",
        "\nGET / HTTP/1.1\r\n" HOST "\r\n",
        "\rGET / HTTP/1.1\r\n" HOST "\r\n",
        "\x16\x03\x01\x02", /* TLS */
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        assert_refused(bad[i], 400);
    }
    struct http_request request;
    struct h1_refusal refusal;
    size_t used = 0;
    static const char nul[] = GET_WITH("A: b\0c\r\n");
    assert_int_equal(read_head(nul, sizeof(nul) - 1, &request, &used, &refusal), H1_REFUSED);
    assert_whole(GET_WITH("A: \xc3\xa9\tb\r\n"), &request);
}

static void test_a_length_is_said_once_and_clearly(void **state) {
    (void)state;
    struct http_request r;
    assert_whole(POST_WITH("Content-Length: 0\r\n"), &r);
    assert_int_equal(r.body_kind, HTTP_BODY_NONE);
    assert_whole(POST_WITH("content-length: 0042\r\n"), &r);
    assert_int_equal(r.body_kind, HTTP_BODY_LENGTH);
    assert_int_equal(r.body_len, 42);
    assert_whole(POST_WITH("Content-Length: 9223372036854775807\r\n"), &r);
    assert_whole(POST_WITH("Transfer-Encoding: Chunked\r\n"), &r);
    assert_int_equal(r.body_kind, HTTP_BODY_CHUNKED);
    static const char *const bad[] = {
        POST_WITH("Content-Length: 1\r\nContent-Length: 1\r\n"),
        POST_WITH("Content-Length: 1\r\nContent-Length: 2\r\n"),
        POST_WITH("Content-Length: 1, 1\r\n"),
        POST_WITH("Content-Length: +1\r\n"),
        POST_WITH("Content-Length: -1\r\n"),
        POST_WITH("Content-Length: 1 1\r\n"),
        POST_WITH("Content-Length: 0x1\r\n"),
        POST_WITH("Content-Length: 1.0\r\n"),
        POST_WITH("Content-Length:\r\n"),
        POST_WITH("Content-Length: 9223372036854775808\r\n"),
        POST_WITH("Content-Length: 18446744073709551617\r\n"),
        POST_WITH("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        POST_WITH("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        POST_WITH("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        POST_WITH("Transfer-Encoding: identity\r\n"),
        POST_WITH("Transfer-Encoding: xchunked\r\n"),
        POST_WITH("Transfer-Encoding: chunked, identity\r\n"),
        POST_WITH("Transfer-Encoding: chunked;a=b\r\n"),
        POST_WITH("Transfer-Encoding: \"chunked\"\r\n"),
        POST_WITH("Transfer-Encoding:\r\n"),
        "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        assert_refused(bad[i], 400);
    }
    assert_refused(POST_WITH("Transfer-Encoding: gzip, chunked\r\n"), 501);
    assert_refused(POST_WITH("Transfer-Encoding: chunked, chunked\r\n"), 501);
}

static void test_connection_and_expectation(void **state) {
    (void)state;
    struct http_request r;
    assert_whole(GET_WITH("Connection: close\r\n"), &r);
    assert_false(r.is_keep_alive);
    assert_whole(GET_WITH("Connection: keep-alive\r\nConnection: x, CLOSE ,y\r\n"), &r);
    assert_false(r.is_keep_alive);
    assert_whole("GET / HTTP/1.0\r\n\r\n", &r);
    assert_false(r.is_keep_alive);
    assert_whole("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", &r);
    assert_true(r.is_keep_alive);
    assert_whole(POST_WITH("Expect: 100-Continue\r\nContent-Length: 1\r\n"), &r);
    assert_true(r.expects_continue);
    assert_whole(GET_WITH("Expect: 100-continue\r\n"), &r);
    assert_false(r.expects_continue);
    assert_refused(GET_WITH("Expect: tea\r\n"), 417);
}

/* A request whose line has so many bytes, or with one field of so many. */
static enum h1_result read_sized(size_t line_len, size_t field_len, struct h1_refusal *refusal) {
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, 1024 * 1024);
    struct http_request request;
    size_t used = 0;
    assert_true(buf_append_string(&text, "GET /", NULL));
    while (text.len < line_len - strlen(" HTTP/1.1")) {
        assert_true(buf_append_byte(&text, 'a', NULL));
    }
    assert_true(buf_append_string(&text, " HTTP/1.1\r\n" HOST "A: ", NULL));
    size_t start = text.len - 3;
    while (text.len - start < field_len) {
        assert_true(buf_append_byte(&text, 'a', NULL));
    }
    assert_true(buf_append_string(&text, "\r\n\r\n", NULL));
    return read_head(buf_string(&text), text.len, &request, &used, refusal);
}

static void test_limits_of_lines(void **state) {
    (void)state;
    struct h1_refusal refusal;
    assert_int_equal(read_sized(H1_LINE_MAX, 10, &refusal), H1_WHOLE);
    assert_int_equal(read_sized(H1_LINE_MAX + 1, 10, &refusal), H1_REFUSED);
    assert_int_equal(refusal.status, 414);
    assert_int_equal(read_sized(20, H1_LINE_MAX, &refusal), H1_WHOLE);
    assert_int_equal(read_sized(20, H1_LINE_MAX + 1, &refusal), H1_REFUSED);
    assert_int_equal(refusal.status, 431);
    /* what never ends is refused before its end */
    char endless[H1_LINE_MAX + 1];
    memset(endless, 'a', sizeof(endless));
    struct http_request request;
    size_t used = 0;
    assert_int_equal(read_head(endless, H1_LINE_MAX, &request, &used, &refusal), H1_MORE);
    assert_int_equal(read_head(endless, H1_LINE_MAX + 1, &request, &used, &refusal), H1_REFUSED);
    assert_int_equal(refusal.status, 414);
}

static enum h1_result read_fields(size_t count, size_t value_len, struct h1_refusal *refusal,
                                  size_t *out_len) {
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, 1024 * 1024);
    struct http_request request;
    size_t used = 0;
    assert_true(buf_append_string(&text, "GET / HTTP/1.1\r\n" HOST, NULL));
    for (size_t i = 1; i < count; i++) {
        assert_true(buf_printf(&text, NULL, "A: %*s\r\n", (int)value_len, "b"));
    }
    assert_true(buf_append_string(&text, "\r\n", NULL));
    *out_len = text.len;
    return read_head(buf_string(&text), text.len, &request, &used, refusal);
}

static void test_limits_of_the_head(void **state) {
    (void)state;
    struct h1_refusal refusal;
    size_t len = 0;
    assert_int_equal(read_fields(HTTP_FIELDS_MAX, 1, &refusal, &len), H1_WHOLE);
    assert_int_equal(read_fields(HTTP_FIELDS_MAX + 1, 1, &refusal, &len), H1_REFUSED);
    assert_int_equal(refusal.status, 431);
    assert_int_equal(read_fields(33, 1010, &refusal, &len), H1_WHOLE);
    assert_true(len <= H1_HEAD_MAX && len > H1_HEAD_MAX - 1000);
    assert_int_equal(read_fields(34, 1010, &refusal, &len), H1_REFUSED);
    assert_int_equal(refusal.status, 431);
    assert_refused("\r\n\r\n\r\n\r\n\r\n" GET_WITH(""), 400);
    struct http_request request;
    assert_whole("\r\n\r\n\r\n\r\n" GET_WITH(""), &request);
}

/* --- bodies
 * ------------------------------------------------------------------------------------------ */

/* Feeds text in steps; appends the content to out. */
static enum h1_result read_body(enum http_body_kind kind, uint64_t body_len, const char *text,
                                size_t len, size_t step, struct buf *out, size_t *out_used) {
    struct http_request request = {.body_kind = kind, .body_len = body_len};
    struct h1_body body;
    struct h1_refusal refusal;
    enum h1_result result = H1_MORE;
    size_t at = 0;
    h1_body_init(&body, &request);
    while (result == H1_MORE && at < len) {
        size_t size = len - at < step ? len - at : step;
        const uint8_t *data = NULL;
        size_t data_len = 0;
        size_t used = 0;
        result = h1_body_read(&body, (const uint8_t *)text + at, size, &used, &data, &data_len,
                              &refusal);
        assert_true(used <= size && (used > 0 || result != H1_MORE));
        assert_true(buf_append(out, data, data_len, NULL));
        at += used;
    }
    *out_used = at;
    return result;
}

static void test_bodies_in_any_steps(void **state) {
    (void)state;
    static const char chunked[] =
        "5\r\nhello\r\n1;a=\"b\"\r\n \r\n00000A\r\nwide world\r\n0\r\nT: x\r\n\r\nGET";
    for (size_t step = 1; step < sizeof(chunked); step++) {
        PL_AUTO(buf_clear) struct buf got;
        buf_init(&got, 1000);
        size_t used = 0;
        assert_int_equal(
            read_body(HTTP_BODY_CHUNKED, 0, chunked, sizeof(chunked) - 1, step, &got, &used),
            H1_WHOLE);
        assert_string_equal(buf_string(&got), "hello wide world");
        assert_int_equal(used, sizeof(chunked) - 1 - 3);
        buf_reset(&got);
        assert_int_equal(read_body(HTTP_BODY_LENGTH, 5, "helloGET", 8, step, &got, &used),
                         H1_WHOLE);
        assert_string_equal(buf_string(&got), "hello");
        assert_int_equal(used, 5);
    }
}

static void test_broken_chunks_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "\r\n",       "g\r\n",      " 5\r\n",      "-5\r\n",       "+5\r\n",
        "0x5\r\n",    "5 \r\n",     "5\n",         "5\r5",         "5;\n",
        "5;a\rb",     "5;\x01\r\n", "5\r\nhelloX", "5\r\nhello\n", "5\r\nhello\rX",
        "0\r\n \r\n", "0\r\nA\nB",  "0\r\n\rX",    "0\r\nA: \x01", "1000000000000000\r\n",
        ";\r\n",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        PL_AUTO(buf_clear) struct buf got;
        buf_init(&got, 1000);
        size_t used = 0;
        if (read_body(HTTP_BODY_CHUNKED, 0, bad[i], strlen(bad[i]), 100, &got, &used) !=
            H1_REFUSED) {
            fail_msg("\"%s\" was not refused", bad[i]);
        }
    }
}

static void test_limits_of_extensions_and_trailers(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf got;
    buf_init(&text, 100 * 1024);
    buf_init(&got, 10);
    size_t used = 0;
    for (size_t more = 0; more < 2; more++) {
        buf_reset(&text);
        assert_true(buf_printf(&text, NULL, "0;%*s\r\n\r\n", (int)(H1_CHUNK_LINE_MAX + more), "a"));
        assert_int_equal(
            read_body(HTTP_BODY_CHUNKED, 0, buf_string(&text), text.len, 1000, &got, &used),
            more == 0 ? H1_WHOLE : H1_REFUSED);
        buf_reset(&text);
        assert_true(
            buf_printf(&text, NULL, "0\r\nA:%*s\r\n\r\n", (int)(H1_TRAILERS_MAX - 2 + more), "a"));
        assert_int_equal(
            read_body(HTTP_BODY_CHUNKED, 0, buf_string(&text), text.len, 1000, &got, &used),
            more == 0 ? H1_WHOLE : H1_REFUSED);
    }
}

/* --- responses
 * ---------------------------------------------------------------------------------------- */

static const char date[] = "Mon, 23 Nov 2026 20:15:00 GMT";

static void test_heads_are_written(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    PL_AUTO(http_response_clear) struct http_response response;
    buf_init(&out, 1000);
    http_response_init(&response, 200);
    assert_ok(http_response_add(&response, "ETag", "\"a\"", &e), &e);
    assert_ok(http_body_add_memory(&response.body, "hello", 5, &e), &e);
    struct h1_framing framing = {.is_keep_alive = true, .minor = 1, .date = date};
    assert_ok(h1_write_head(&response, &framing, &out, &e), &e);
    assert_string_equal(buf_string(&out),
                        "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 20:15:00 GMT\r\n"
                        "Content-Length: 5\r\nETag: \"a\"\r\n\r\n");
    buf_reset(&out);
    framing.minor = 0;
    response.status = 304;
    assert_ok(h1_write_head(&response, &framing, &out, &e), &e);
    assert_string_equal(buf_string(&out),
                        "HTTP/1.1 304 Not Modified\r\nDate: Mon, 23 Nov 2026 20:15:00 GMT\r\n"
                        "Connection: keep-alive\r\nETag: \"a\"\r\n\r\n");
    buf_reset(&out);
    framing.is_keep_alive = false;
    assert_ok(h1_write_head(&response, &framing, &out, &e), &e);
    assert_non_null(strstr(buf_string(&out), "Connection: close\r\n"));
}

static void test_mutated_heads_never_read_outside(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(usual) - 1; i++) {
        for (unsigned value = 0; value < 256; value++) {
            void *copy = NULL;
            assert_true(mem_dup(usual, sizeof(usual) - 1, &copy, NULL));
            PL_AUTO(mem_freep)
            char *text = copy; /* its size is exact but for the NUL, which is not given */
            text[i] = (char)value;
            struct http_request request;
            struct h1_refusal refusal;
            size_t used = 0;
            enum h1_result result = read_head(text, sizeof(usual) - 1, &request, &used, &refusal);
            assert_true(result != H1_WHOLE || (used <= sizeof(usual) - 1 && request.path.len > 0));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_usual_request_is_read),
        cmocka_unit_test(test_every_shorter_part_asks_for_more),
        cmocka_unit_test(test_byte_by_byte_is_the_same_as_at_once),
        cmocka_unit_test(test_what_follows_is_left),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_exactly_one_host_that_is_a_host),
        cmocka_unit_test(test_fields_that_two_readers_could_see_differently_are_refused),
        cmocka_unit_test(test_a_length_is_said_once_and_clearly),
        cmocka_unit_test(test_connection_and_expectation),
        cmocka_unit_test(test_limits_of_lines),
        cmocka_unit_test(test_limits_of_the_head),
        cmocka_unit_test(test_bodies_in_any_steps),
        cmocka_unit_test(test_broken_chunks_are_refused),
        cmocka_unit_test(test_limits_of_extensions_and_trailers),
        cmocka_unit_test(test_heads_are_written),
        cmocka_unit_test(test_mutated_heads_never_read_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
