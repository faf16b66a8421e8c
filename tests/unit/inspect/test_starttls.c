/* observe/starttls: each dialect in one piece and byte by byte, its refusal, and what follows. */
#include "inspect_fixture.h"

#include "inspect/observe/starttls.h"

static const char ldap_yes[] = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
static const char ldap_no[] = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00";
/* MySQL's greeting with and without the capability SSL. */
static const char mysql_yes[] = "\x2c\0\0\0\x0a"
                                "8.0.30\0\1\0\0\0"
                                "12345678\0\xff\xff\x21\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
static const char mysql_no[] = "\x2c\0\0\0\x0a"
                               "8.0.30\0\1\0\0\0"
                               "12345678\0\xff\xf7\x21\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *name;
    const char *yes; /* all that the server says */
    size_t yes_len;
    const char *no;
    size_t no_len;
    const char *said; /* part of what we say */
} dialects[] = {
    {"smtp", BYTES("220-a\r\n220 b\r\n250-c\r\n250 STARTTLS\r\n220 go\r\n"),
     BYTES("220 b\r\n250 c\r\n454 no\r\n"), "STARTTLS\r\n"},
    {"imap", BYTES("* OK a\r\n* more\r\na OK go\r\n"), BYTES("* OK a\r\na NO\r\n"),
     "a STARTTLS\r\n"},
    {"pop3", BYTES("+OK a\r\n+OK b\r\n"), BYTES("+OK a\r\n-ERR b\r\n"), "STLS\r\n"},
    {"ftp", BYTES("220 a\r\n234 b\r\n"), BYTES("220 a\r\n534 b\r\n"), "AUTH TLS\r\n"},
    {"nntp", BYTES("201 a\r\n382 b\r\n"), BYTES("200 a\r\n580 b\r\n"), "STARTTLS\r\n"},
    {"sieve", BYTES("\"A\"\r\nOK\r\nOK\r\n"), BYTES("OK\r\nNO\r\n"), "STARTTLS\r\n"},
    {"xmpp", BYTES("<a><stream:features></stream:features><proceed/>"),
     BYTES("</stream:features><failure/>"), "to='www.example.com'"},
    {"xmpp-server", BYTES("</stream:features><proceed/>"), BYTES("</stream:stream>"),
     "jabber:server"},
    {"ldap", BYTES(ldap_yes), BYTES(ldap_no), "1.3.6.1.4.1.1466.20037"},
    {"postgres", BYTES("S"), BYTES("N"), ""},
    {"mysql", BYTES(mysql_yes), BYTES(mysql_no), " "},
    {"lmtp", BYTES("220 a\r\n250-b\r\n250 STARTTLS\r\n220 go\r\n"), BYTES("220 b\r\n500 no\r\n"),
     "LHLO padlock.invalid\r\n"},
    {"irc", BYTES(":a NOTICE * :hello\r\n:a 670 * :go\r\n"), BYTES(":a 691 * :no\r\n"),
     "STARTTLS\r\n"},
    {"telnet", BYTES("\xff\xfd\x18\xff\xfd\x2e\xff\xfa\x2e\x01\xff\xf0"),
     BYTES("\xff\xfd\x18\r\nlogin: "), "\xff\xfb\x2e\xff\xfa\x2e\x01\xff\xf0"},
    {"rdp", BYTES("\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\x1f\x08\0\2\0\0\0"),
     BYTES("\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\3\0\x08\0\2\0\0\0"), "\3"},
    {"rdp", BYTES("\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\x1f\x08\0\1\0\0\0"),
     BYTES("\3\0\0\x0b\6\xd0\0\0\x12\x34\0"), "\3"},
    {"mssql", BYTES("\4\1\0\x1a\0\0\1\0\0\0\x0b\0\6\1\0\x11\0\1\xff\x10\0\1\0\0\0\1"),
     BYTES("\4\1\0\x1a\0\0\1\0\0\0\x0b\0\6\1\0\x11\0\1\xff\x10\0\1\0\0\0\2"), "\x12\1"},
    {"mssql", BYTES("\4\1\0\x1a\0\0\1\0\0\0\x0b\0\6\1\0\x11\0\1\xff\x10\0\1\0\0\0\3"),
     BYTES("\4\1\0\x0e\0\0\1\0\1\0\x20\0\1\xff"), "\x12\1"},
};

static enum starttls_status run(struct starttls *s, size_t index, const char *bytes, size_t len,
                                size_t step) {
    const struct starttls_protocol *protocol = starttls_find(dialects[index].name);
    assert_non_null(protocol);
    enum starttls_status status = starttls_begin(s, protocol, "www.example.com");
    for (size_t at = 0; at < len && status == STARTTLS_GOES_ON; at += step) {
        size_t part = len - at < step ? len - at : step;
        status = starttls_receive(s, (const uint8_t *)bytes + at, part);
    }
    return status;
}

static bool has_said(const struct starttls *s, const char *text) {
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= s->out.len; i++) {
        if (memcmp(s->out.data + i, text, len) == 0) {
            return true;
        }
    }
    return len == 0;
}

static void test_dialects(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(dialects); i++) {
        static const size_t steps[] = {1, 7, 1000};
        for (size_t n = 0; n < PL_ARRAY_LEN(steps); n++) {
            struct starttls s = {0};
            assert_int_equal(run(&s, i, dialects[i].yes, dialects[i].yes_len, steps[n]),
                             STARTTLS_READY);
            assert_true(has_said(&s, dialects[i].said));
            starttls_clear(&s);
            assert_int_equal(run(&s, i, dialects[i].no, dialects[i].no_len, steps[n]),
                             STARTTLS_REFUSED);
            starttls_clear(&s);
        }
    }
}

static void test_what_follows_is_left(void **state) {
    (void)state;
    struct starttls s = {0};
    assert_int_equal(starttls_begin(&s, starttls_find("postgres"), "a"), STARTTLS_GOES_ON);
    assert_int_equal(starttls_receive(&s, (const uint8_t *)"S\x16\x03", 3), STARTTLS_READY);
    assert_int_equal(s.in.len, 2);
    starttls_clear(&s);
}

static void test_a_host_that_is_none_is_not_sent(void **state) {
    (void)state;
    struct starttls s = {0};
    assert_int_equal(starttls_begin(&s, starttls_find("xmpp"), "a'/><evil"), STARTTLS_GOES_ON);
    assert_true(has_said(&s, "to=''"));
    assert_false(has_said(&s, "evil"));
    starttls_clear(&s);
    assert_null(starttls_find("gopher"));
}

static void test_what_the_server_said(void **state) {
    (void)state;
    struct starttls s = {0};
    assert_int_equal(starttls_begin(&s, starttls_find("smtp"), "a"), STARTTLS_GOES_ON);
    assert_int_equal(starttls_receive(&s, (const uint8_t *)"554 go away\r\nx", 14),
                     STARTTLS_REFUSED);
    assert_string_equal(s.said, "554 go away");
    starttls_clear(&s);
}

static void test_a_server_that_talks_on(void **state) {
    (void)state;
    struct starttls s = {0};
    uint8_t words[4096];
    enum starttls_status status = starttls_begin(&s, starttls_find("smtp"), "a");
    memset(words, 'x', sizeof(words));
    for (size_t i = 0; i < 20 && status == STARTTLS_GOES_ON; i++) {
        status = starttls_receive(&s, words, sizeof(words));
    }
    assert_int_equal(status, STARTTLS_REFUSED);
    starttls_clear(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_what_follows_is_left),
        cmocka_unit_test(test_a_host_that_is_none_is_not_sent),
        cmocka_unit_test(test_what_the_server_said),
        cmocka_unit_test(test_a_server_that_talks_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
