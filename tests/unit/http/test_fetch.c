/* http/fetch: against a server of its own process, and addresses that are not asked. */
#include "unit.h"

#include "http/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMEOUT_MS = 20000 };

static int listen_somewhere(uint16_t *out_port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *out_port = ntohs(address.sin_port);
    return fd;
}

/* Gives each connection the same answer, after a request; NULL: none. */
static pid_t serve(int fd, const char *answer, int count) {
    pid_t child = fork();
    if (child != 0) {
        (void)close(fd);
        return child;
    }
    for (int i = 0; i < count; i++) {
        char request[4096];
        int connection = accept(fd, NULL, NULL);
        ssize_t got = recv(connection, request, sizeof(request), 0);
        if (got > 0 && answer != NULL) {
            (void)!send(connection, answer, strlen(answer), MSG_NOSIGNAL);
        } else {
            (void)recv(connection, request, sizeof(request), 0);
        }
        (void)close(connection);
    }
    _exit(0);
}

static bool fetch(const char *answer, int count, size_t max, int64_t timeout_ms, struct buf *out,
                  struct err *e) {
    uint16_t port = 0;
    char url[64];
    int fd = listen_somewhere(&port);
    pid_t child = serve(fd, answer, count);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/a?b", port);
    const struct fetch_wish wish = {
        .url = url, .networks = FETCH_LOOPBACK, .timeout_ms = timeout_ms};
    buf_init(out, max);
    bool ok = fetch_http(&wish, out, e);
    (void)waitpid(child, NULL, 0);
    return ok;
}

static void test_a_body(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf body = {0};
    assert_ok(fetch("HTTP/1.1 200 OK\r\n\r\nhello", 1, 100, TIMEOUT_MS, &body, &e), &e);
    assert_string_equal(buf_string(&body), "hello");
}

static void test_no_use(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        int count;
        enum err_code code;
    } cases[] = {
        {"HTTP/1.1 404 Not Found\r\n\r\n", 1, ERR_HTTP_FETCH_ANSWER},
        {"SSH-2.0\r\n\r\n", 1, ERR_HTTP_FETCH_ANSWER},
        {"HTTP/1.1 200 OK\r\n\r\n0123456789abcdef", 1, ERR_BASE_LIMIT},
        {"HTTP/1.1 302 Found\r\nLocation: https://a.example/\r\n\r\n", 1, ERR_HTTP_FETCH_URL},
        {"HTTP/1.1 302 Found\r\nLocation: http://169.254.1.1/\r\n\r\n", 1, ERR_HTTP_FETCH_ADDRESS},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf body = {0};
        assert_fails(fetch(cases[i].answer, cases[i].count, 10, TIMEOUT_MS, &body, &e), &e,
                     cases[i].code);
        assert_int_equal(body.len, 0);
    }
}

static void test_silence(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf body = {0};
    assert_fails(fetch(NULL, 1, 10, 300, &body, &e), &e, ERR_HTTP_FETCH_TIMEOUT);
}

static void test_addresses_that_are_not_asked(void **state) {
    (void)state;
    static const struct {
        const char *url;
        unsigned networks;
        enum err_code code;
    } cases[] = {
        {"http://127.0.0.1:9/", FETCH_PUBLIC, ERR_HTTP_FETCH_ADDRESS},
        {"http://[::1]:9/", FETCH_PRIVATE, ERR_HTTP_FETCH_ADDRESS},
        {"http://10.0.0.1:9/", FETCH_LOOPBACK, ERR_HTTP_FETCH_ADDRESS},
        {"http://169.254.169.254/", FETCH_PRIVATE | FETCH_LOOPBACK, ERR_HTTP_FETCH_ADDRESS},
        {"http://0.0.0.0/", FETCH_PRIVATE | FETCH_LOOPBACK, ERR_HTTP_FETCH_ADDRESS},
        {"https://a.example/", FETCH_PUBLIC, ERR_HTTP_FETCH_URL},
        {"ldap://a.example/", FETCH_PUBLIC, ERR_HTTP_FETCH_URL},
        {"http://nowhere.invalid/", FETCH_PUBLIC, ERR_HTTP_FETCH_CONNECT},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf body = {.max = 10};
        const struct fetch_wish wish = {
            .url = cases[i].url, .networks = cases[i].networks, .timeout_ms = TIMEOUT_MS};
        assert_fails(fetch_http(&wish, &body, &e), &e, cases[i].code);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body),
        cmocka_unit_test(test_no_use),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_addresses_that_are_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
