/* pki/sct: lists as logs and servers send them, whole, cut, and with what does not belong. */
#include "unit.h"

#include "pki/sct.h"

enum { ONE_LEN = 1 + 32 + 8 + 2 + 2 + 2 + 3 };

/* One timestamp with its length before it: log is its log's first byte. */
static size_t write_one(uint8_t *out, uint8_t version, uint8_t log, uint8_t minute) {
    memset(out, 0, 2 + ONE_LEN);
    out[1] = ONE_LEN;
    out[2] = version;
    memset(out + 3, log, 32);
    out[3 + 32 + 5] = minute; /* × 65,536 ms */
    out[3 + 32 + 8 + 3] = 4;
    out[3 + 32 + 8 + 5] = 3;
    return 2 + ONE_LEN;
}

static size_t write_list(uint8_t *out, const uint8_t *logs, size_t count) {
    size_t len = 2;
    for (size_t i = 0; i < count; i++) {
        len += write_one(out + len, 0, logs[i], (uint8_t)(i + 1));
    }
    out[0] = (uint8_t)((len - 2) >> 8);
    out[1] = (uint8_t)(len - 2);
    return len;
}

static void test_reads_a_list(void **state) {
    (void)state;
    uint8_t bytes[512];
    size_t len = write_list(bytes, (const uint8_t[]){1, 2, 1}, 3);
    struct sct_list list = {.count = 0};
    assert_true(sct_list_read(&list, bytes, len));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.items[1].log_id[31], 2);
    assert_int_equal(list.items[2].at_ms, 3 * 65536);
    assert_int_equal(sct_list_count_logs(&list), 2);
    struct sct_list none = {.count = 0};
    assert_true(sct_list_read(&none, (const uint8_t *)"\0\0", 2));
    assert_int_equal(none.count, 0);
}

static void test_cut_anywhere_is_refused(void **state) {
    (void)state;
    uint8_t bytes[512];
    size_t len = write_list(bytes, (const uint8_t[]){1, 2}, 2);
    for (size_t cut = 0; cut < len; cut++) {
        struct sct_list list = {.count = 0};
        assert_false(sct_list_read(&list, bytes, cut));
    }
    struct sct_list list = {.count = 0};
    bytes[len] = 0;
    assert_false(sct_list_read(&list, bytes, len + 1));
    /* the same lengths, with a signature that is longer than what is left */
    bytes[2 + 2 + 1 + 32 + 8 + 2 + 2 + 1] = 4;
    assert_false(sct_list_read(&list, bytes, len));
}

static void test_other_versions_and_many(void **state) {
    (void)state;
    static uint8_t bytes[(SCT_MAX + 2) * (2 + ONE_LEN)];
    static uint8_t logs[SCT_MAX + 1];
    size_t len = write_list(bytes, logs, 1);
    bytes[4] = 1;
    struct sct_list other = {.count = 0};
    assert_true(sct_list_read(&other, bytes, len));
    assert_int_equal(other.count, 0);
    assert_int_equal(other.unknown_count, 1);
    len = write_list(bytes, logs, SCT_MAX + 1);
    struct sct_list many = {.count = 0};
    assert_true(sct_list_read(&many, bytes, len));
    assert_int_equal(many.count, SCT_MAX);
    assert_int_equal(many.unknown_count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_a_list),
        cmocka_unit_test(test_cut_anywhere_is_refused),
        cmocka_unit_test(test_other_versions_and_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
