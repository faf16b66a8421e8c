/* role/net for the site "services": requests that another process answers, and their content. */
#include "net_fixture.h"

#include "http/parts.h"
#include "service/frame.h"

enum { ASKED_MAX = 8 };

/* What was handed on. */
struct asked {
    void *connection;
    bool is_safe;
    struct buf frame;
};

struct services {
    struct world *w;
    struct asked asked[ASKED_MAX];
    size_t count;
    size_t forgotten;
    bool is_full;
};

static bool on_forward(void *ctx, void *connection, bool is_safe, struct buf *request,
                       uint32_t *out_ticket) {
    struct services *s = ctx;
    if (s->is_full) {
        return false;
    }
    assert_true(s->count < ASKED_MAX);
    *out_ticket = (uint32_t)s->count;
    s->asked[s->count++] =
        (struct asked){.connection = connection, .is_safe = is_safe, .frame = *request};
    *request = (struct buf){.max = request->max};
    return true;
}

static void on_forget(void *ctx, uint32_t ticket) {
    struct services *s = ctx;
    assert_true(ticket < s->count);
    s->forgotten++;
}

/* One http listener of the services, and one of https that net-services must leave alone. */
static struct snapshot *build_services(struct world *w) {
    struct err e = {0};
    struct snapshot_builder *b = NULL;
    uint32_t http = 0;
    uint32_t https = 0;
    uint32_t certificate = 0;
    const struct fixture_key *key = w->signer.keys[0];
    assert_ok(snapshot_builder_new(1, &b, &e), &e);
    assert_ok(snapshot_builder_add_listener(b, SNAPSHOT_HTTP, "127.0.0.1", 0, false, &http, &e),
              &e);
    assert_ok(
        snapshot_builder_add_listener(b, SNAPSHOT_HTTPS, "127.0.0.1", 4443, false, &https, &e), &e);
    assert_ok(snapshot_builder_set_services(b, http, &e), &e);
    struct snapshot_binding_wish wish = {.listener = http,
                                         .site = add_site(b, "services", 1, NULL)};
    wish.parts = 1U << PART_API | 1U << PART_PKI | 1U << PART_REDIRECT;
    assert_ok(snapshot_builder_add_binding(b, &wish, &e), &e);
    struct snapshot_certificate_wish leaf = {
        .leaf = key->der, .leaf_len = key->der_len, .family = KEY_EC, .key = key->handle};
    assert_ok(snapshot_builder_add_certificate(b, &leaf, &certificate, &e), &e);
    wish = (struct snapshot_binding_wish){.listener = https,
                                          .host = "named.example",
                                          .site = add_site(b, "shop", 2, w->root),
                                          .certificates = &certificate,
                                          .certificate_count = 1};
    assert_ok(snapshot_builder_add_binding(b, &wish, &e), &e);
    return fixture_finish(b);
}

static void start_services(struct services *s, struct world *w, int64_t content_ms) {
    struct err e = {0};
    *s = (struct services){.w = w};
    const struct net_config config = {
        .is_services = true,
        .loop = &w->loop,
        .engine = w->engine,
        .content_ms = content_ms,
        .callbacks = {.ctx = s, .forward = on_forward, .forget = on_forget}};
    assert_ok(net_new(&config, &w->net, &e), &e);
    PL_AUTO(snapshot_freep) struct snapshot *snapshot = build_services(w);
    assert_ok(net_apply(w->net, snapshot, &e), &e);
}

static void stop_services(struct services *s) {
    stop(s->w);
    for (size_t i = 0; i < s->count; i++) {
        buf_clear(&s->asked[i].frame);
    }
}

static void wait_asked(const struct services *s, size_t count) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (s->count < count && clock_monotonic_ms() < end_ms) {
        turn(s->w);
    }
    assert_int_equal(s->count, count);
}

static void read_asked(const struct services *s, size_t which, struct service_request *out) {
    uint32_t number = 0;
    assert_true(
        service_request_read(s->asked[which].frame.data, s->asked[which].frame.len, &number, out));
}

static void answer_with(const struct services *s, size_t which, int status, const char *text) {
    struct err e = {0};
    struct http_response response;
    http_response_init(&response, status);
    assert_ok(http_body_add_memory(&response.body, text, strlen(text), &e), &e);
    net_answer(s->w->net, s->asked[which].connection, &response);
    http_response_clear(&response);
}

static void test_a_request_is_handed_on_and_its_answer_sent(void **state) {
    struct services s;
    struct service_request request;
    start_services(&s, *state, 0);
    assert_int_equal(net_listener_port(s.w->net, HTTPS), 0);
    struct client *c = dial(s.w, HTTP);
    say(c, "GET /api/v1/x?y=z HTTP/1.1\r\nHost: a.example\r\nX-One: 1\r\n\r\n");
    wait_asked(&s, 1);
    read_asked(&s, 0, &request);
    assert_int_equal(request.part, PART_API);
    assert_true(s.asked[0].is_safe);
    assert_false(request.is_https);
    assert_true(http_text_equal(request.http.path, "/api/v1/x"));
    assert_true(http_text_equal(request.http.query, "y=z"));
    assert_true(http_text_equal(http_request_field(&request.http, "x-one"), "1"));
    assert_int_equal(request.content_len, 0);
    assert_non_null(strstr(request.client, "127.0.0.1:"));
    turn_for(s.w, 20);
    assert_int_equal(c->len, 0);
    answer_with(&s, 0, 201, "made");
    listen_until(c, "made", 1);
    assert_non_null(strstr(c->got, "HTTP/1.1 201 Created"));
    say(c, "HEAD /ca/ HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
    wait_asked(&s, 2);
    forget(c);
    answer_with(&s, 1, 200, "not sent");
    listen_to_end(c);
    assert_non_null(strstr(c->got, "Content-Length: 8"));
    assert_null(strstr(c->got, "not sent"));
    hang_up(c);
    stop_services(&s);
}

static void test_content_is_gathered_and_the_next_request_waits(void **state) {
    struct services s;
    struct service_request request;
    start_services(&s, *state, 0);
    struct client *c = dial(s.w, HTTP);
    say(c, "POST /api/v1/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    turn_for(s.w, 20);
    assert_int_equal(s.count, 0);
    say(c, "2\r\nde\r\n0\r\n\r\nPUT /api/v1/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy");
    wait_asked(&s, 1);
    read_asked(&s, 0, &request);
    assert_int_equal(request.content_len, 5);
    assert_memory_equal(request.content, "abcde", 5);
    assert_false(s.asked[0].is_safe);
    turn_for(s.w, 20);
    assert_int_equal(s.count, 1);
    answer_with(&s, 0, 200, "first");
    wait_asked(&s, 2);
    read_asked(&s, 1, &request);
    assert_memory_equal(request.content, "xy", 2);
    answer_with(&s, 1, 200, "second");
    listen_until(c, "second", 1);
    hang_up(c);
    stop_services(&s);
}

static void test_who_waits_no_more_is_forgotten(void **state) {
    struct services s;
    start_services(&s, *state, 0);
    struct client *c = dial(s.w, HTTP);
    say(c, GET("/api/v1/"));
    wait_asked(&s, 1);
    stop_services(&s);
    assert_int_equal(s.forgotten, 1);
    hang_up(c);
}

static void test_when_nobody_takes_more_the_client_is_told(void **state) {
    struct services s;
    start_services(&s, *state, 0);
    s.is_full = true;
    struct client *c = dial(s.w, HTTP);
    say(c, GET("/api/v1/"));
    listen_until(c, "</html>", 1);
    assert_non_null(strstr(c->got, "HTTP/1.1 503 "));
    assert_non_null(strstr(c->got, "Retry-After: 1"));
    hang_up(c);
    stop_services(&s);
}

static void test_content_that_trickles_ends_in_408(void **state) {
    struct services s;
    start_services(&s, *state, 200);
    struct client *c = dial(s.w, HTTP);
    say(c, "POST /api/v1/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (!c->has_ended && clock_monotonic_ms() < end_ms) {
        (void)send(c->fd, "x", 1, MSG_NOSIGNAL);
        turn_for(s.w, 10);
        listen_once(c);
    }
    assert_non_null(strstr(c->got, "HTTP/1.1 408 "));
    assert_int_equal(s.count, 0);
    hang_up(c);
    stop_services(&s);
}

static void test_content_that_flows_may_take_longer(void **state) {
    struct services s;
    char some[NET_CONTENT_MIN];
    memset(some, 'x', sizeof(some));
    start_services(&s, *state, 600);
    struct client *c = dial(s.w, HTTP);
    say(c, "POST /api/v1/ HTTP/1.1\r\nHost: a\r\nContent-Length: 163840\r\n\r\n");
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(send(c->fd, some, sizeof(some), MSG_NOSIGNAL), (ssize_t)sizeof(some));
        turn_for(s.w, 50);
    }
    wait_asked(&s, 1);
    answer_with(&s, 0, 200, "all");
    listen_until(c, "all", 1);
    hang_up(c);
    stop_services(&s);
}

static void test_redirects_need_nobody_else(void **state) {
    struct services s;
    start_services(&s, *state, 0);
    struct client *c = dial(s.w, HTTP);
    say(c, "GET /x?y HTTP/1.1\r\nHost: named.example:80\r\n\r\n");
    listen_until(c, "</html>", 1);
    assert_non_null(strstr(c->got, "Location: https://named.example:4443/x?y\r\n"));
    forget(c);
    say(c, "OPTIONS * HTTP/1.1\r\nHost: named.example\r\n\r\n");
    listen_until(c, "</html>", 1);
    assert_non_null(strstr(c->got, "HTTP/1.1 404 "));
    assert_int_equal(s.count, 0);
    hang_up(c);
    stop_services(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_is_handed_on_and_its_answer_sent),
        cmocka_unit_test(test_content_is_gathered_and_the_next_request_waits),
        cmocka_unit_test(test_who_waits_no_more_is_forgotten),
        cmocka_unit_test(test_when_nobody_takes_more_the_client_is_told),
        cmocka_unit_test(test_content_that_trickles_ends_in_408),
        cmocka_unit_test(test_content_that_flows_may_take_longer),
        cmocka_unit_test(test_redirects_need_nobody_else),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
