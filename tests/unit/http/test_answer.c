/* http/answer: whole, unfinished and broken answers. */
#include "unit.h"

#include "http/answer.h"

static enum answer_result read_text(const char *text, bool is_end, struct answer *out) {
    return answer_read((const uint8_t *)text, strlen(text), is_end, out);
}

static void assert_body(const struct answer *answer, const char *body) {
    assert_int_equal(answer->body_len, strlen(body));
    assert_memory_equal(answer->body, body, strlen(body));
}

static void test_whole_answers(void **state) {
    (void)state;
    struct answer answer;
    assert_int_equal(read_text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", false, &answer),
                     ANSWER_WHOLE);
    assert_int_equal(answer.status, 200);
    assert_body(&answer, "ab");
    assert_int_equal(read_text("HTTP/1.0 404 Not Found\n\nabc", true, &answer), ANSWER_WHOLE);
    assert_int_equal(answer.status, 404);
    assert_body(&answer, "abc");
    assert_int_equal(read_text("HTTP/1.1 301\r\nLOCATION: \t http://a.example/ \r\n"
                               "Content-Length: 0\r\n\r\n",
                               false, &answer),
                     ANSWER_WHOLE);
    assert_string_equal(answer.location, "http://a.example/");
}

static void test_unfinished_answers(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct answer answer;
        assert_int_equal(read_text(texts[i], false, &answer), ANSWER_MORE);
        assert_int_equal(read_text(texts[i], true, &answer), ANSWER_BROKEN);
    }
    struct answer answer;
    assert_int_equal(read_text("HTTP/1.1 200 OK\r\n\r\nab", false, &answer), ANSWER_MORE);
}

static void test_broken_answers(void **state) {
    (void)state;
    static const char *const texts[] = {
        "\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct answer answer;
        assert_int_equal(read_text(texts[i], true, &answer), ANSWER_BROKEN);
    }
    static char endless[ANSWER_HEAD_MAX + 100];
    struct answer answer;
    memset(endless, 'a', sizeof(endless) - 1);
    assert_int_equal(read_text(endless, false, &answer), ANSWER_BROKEN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_answers),
        cmocka_unit_test(test_unfinished_answers),
        cmocka_unit_test(test_broken_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
