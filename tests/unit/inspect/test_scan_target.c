/* scan/target: words understood, counted and walked; scan/wish there and back; sys/line_file. */
#include "inspect_fixture.h"

#include "inspect/scan/target.h"
#include "inspect/scan/wish.h"
#include "sys/line_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_words(void **state) {
    (void)state;
    static const struct {
        const char *word;
        uint64_t total;
        const char *first;
        const char *last;
        const char *written;
    } cases[] = {
        {"www.example.com", 1, "www.example.com:443", "www.example.com:443",
         "www.example.com:443\n"},
        {"a:1,2,65535", 3, "a:1", "a:65535", "a:1,2,65535\n"},
        {"192.0.2.7:8443", 1, "192.0.2.7:8443", "192.0.2.7:8443", "192.0.2.7:8443\n"},
        {"[2001:db8::1]:5", 1, "[2001:db8::1]:5", "[2001:db8::1]:5", "[2001:db8::1]:5\n"},
        {"::1", 1, "[::1]:443", "[::1]:443", "[::1]:443\n"},
        {"192.0.2.0/30", 4, "192.0.2.0:443", "192.0.2.3:443", "192.0.2.0-192.0.2.3:443\n"},
        {"192.0.2.254/31:1,2", 4, "192.0.2.254:1", "192.0.2.255:2",
         "192.0.2.254-192.0.2.255:1,2\n"},
        {"10.0.255.254-10.1.0.1", 4, "10.0.255.254:443", "10.1.0.1:443",
         "10.0.255.254-10.1.0.1:443\n"},
        {"192.0.2.9-12:7", 4, "192.0.2.9:7", "192.0.2.12:7", "192.0.2.9-192.0.2.12:7\n"},
        {"2001:db8::fffe/127", 2, "[2001:db8::fffe]:443", "[2001:db8::ffff]:443",
         "[2001:db8::fffe/127]:443\n"},
        {"[2001:db8::/126]:9", 4, "[2001:db8::]:9", "[2001:db8::3]:9", "[2001:db8::/126]:9\n"},
        {"a.example@192.0.2.7:1,2", 2, "a.example@192.0.2.7:1", "a.example@192.0.2.7:2",
         "a.example@192.0.2.7:1,2\n"},
        {"a.example@[::1]", 1, "a.example@[::1]:443", "a.example@[::1]:443",
         "a.example@[::1]:443\n"},
        {"my-host", 1, "my-host:443", "my-host:443", "my-host:443\n"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        PL_AUTO(scan_targets_clear) struct scan_targets targets = {0};
        PL_AUTO(buf_clear) struct buf text = {.max = 1000};
        struct scan_cursor cursor = {0};
        struct scan_target target;
        struct err e = {0};
        char name[SCAN_TARGET_TEXT] = "";
        uint64_t count = 0;
        assert_ok(scan_targets_add(&targets, cases[i].word, 443, &e), &e);
        assert_int_equal(targets.total, cases[i].total);
        while (scan_targets_next(&targets, &cursor, &target)) {
            scan_target_format(&target, name);
            if (count++ == 0) {
                assert_string_equal(name, cases[i].first);
            }
        }
        assert_string_equal(name, cases[i].last);
        assert_int_equal(count, cases[i].total);
        assert_ok(scan_targets_write(&targets, &text, &e), &e);
        assert_string_equal(buf_string(&text), cases[i].written);
    }
}

static void test_words_that_are_none(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",        ":443",         "a:",  "a:0", "a:1,,2",  "a:1,",        "a:65536", "a b",
        "a/24",    "192.0.2.1/33", "-a",  ".a",  "a\x1b[m", "192.0.2.9-3", "[::1",    "a:1:2",
        "::1-::2", "192.0.2.1/24", "a]b", "@a",  "a@",      "a@b@c",       "1.2@a"};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        PL_AUTO(scan_targets_clear) struct scan_targets targets = {0};
        struct err e = {0};
        assert_fails(scan_targets_add(&targets, cases[i], 443, &e), &e, ERR_INSPECT_TARGET);
        assert_int_equal(targets.total, 0);
    }
    PL_AUTO(scan_targets_clear) struct scan_targets targets = {0};
    struct err e = {0};
    assert_fails(scan_targets_add(&targets, "10.0.0.0/8", 443, &e), &e, ERR_BASE_LIMIT);
    assert_fails(scan_targets_add(&targets, "2001:db8::/32", 443, &e), &e, ERR_BASE_LIMIT);
}

static void test_lists(void **state) {
    (void)state;
    static const char list[] = "# ours\na  b:1 # two\n\n\t192.0.2.0/31\r\nlast";
    PL_AUTO(scan_targets_clear) struct scan_targets targets = {0};
    struct err e = {0};
    assert_ok(scan_targets_add_list(&targets, list, strlen(list), 8443, &e), &e);
    assert_int_equal(targets.total, 5);
    assert_fails(scan_targets_add_list(&targets, "a\nb\n!\n", 6, 1, &e), &e, ERR_INSPECT_TARGET);
    assert_non_null(strstr(e.step[e.step_count - 1], "line 3"));
    assert_fails(scan_targets_add_list(&targets, "a\0b", 3, 1, &e), &e, ERR_INSPECT_TARGET);
}

static bool read_list(struct err *e) {
    PL_AUTO(scan_targets_clear) struct scan_targets targets = {0};
    return scan_targets_add_list(&targets, "a b 192.0.2.0/24", 16, 443, e);
}

static void test_memory(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(read_list(&e), &e);
}

static void test_wish(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf bytes = {.max = SCAN_WISH_MAX};
    PL_AUTO(scan_wish_clear) struct scan_wish wish;
    PL_AUTO(scan_wish_clear) struct scan_wish read;
    struct pack_writer w = {.out = &bytes};
    struct err e = {0};
    scan_wish_init(&wish);
    wish.rate = 7;
    wish.name_count = 2;
    memcpy(wish.names[1], "b", 2);
    assert_ok(buf_append_string(&wish.trust, "pem", &e), &e);
    scan_wish_pack(&wish, &w);
    assert_ok(pack_end(&w, &e), &e);
    assert_ok(scan_wish_read(bytes.data, bytes.len, &read, &e), &e);
    assert_int_equal(read.rate, 7);
    assert_string_equal(read.names[1], "b");
    assert_int_equal(read.trust.len, 3);
    for (size_t len = 0; len < bytes.len; len++) {
        struct scan_wish cut;
        assert_fails(scan_wish_read(bytes.data, len, &cut, &e), &e, ERR_IPC_MALFORMED);
        scan_wish_clear(&cut);
    }
}

static void test_line_file(void **state) {
    (void)state;
    char path[] = "/tmp/padlock-lines-XXXXXX";
    int fd = mkstemp(path);
    struct err e = {0};
    assert_true(fd >= 0 && write(fd, "one\ntwo\nthr", 11) == 11 && close(fd) == 0);
    PL_AUTO(buf_clear) struct buf content = {.max = 1024 * 1024};
    PL_AUTO(line_file_clear) struct line_file file = {0};
    assert_ok(line_file_open(&file, path, &content, &e), &e);
    assert_string_equal(buf_string(&content), "one\ntwo\n");
    assert_ok(line_file_add(&file, "three", 5, &e), &e);
    line_file_clear(&file);
    buf_clear(&content);
    assert_ok(line_file_open(&file, path, &content, &e), &e);
    assert_string_equal(buf_string(&content), "one\ntwo\nthree\n");
    line_file_clear(&file);
    content.max = 10;
    buf_clear(&content);
    assert_fails(line_file_open(&file, path, &content, &e), &e, ERR_SYS_FILE_TOO_LARGE);
    assert_fails(line_file_open(&file, "/dev/null", &content, &e), &e, ERR_SYS_FILE_READ);
    assert_fails(line_file_open(&file, "/no/such/folder", &content, &e), &e, ERR_SYS_FILE_WRITE);
    assert_int_equal(unlink(path), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words), cmocka_unit_test(test_words_that_are_none),
        cmocka_unit_test(test_lists), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_wish),  cmocka_unit_test(test_line_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
