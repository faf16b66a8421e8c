/* The backup's file: what is read is what was written, or an error that says why not. */
#include "unit.h"

#include "ops/backup_file.h"
#include "sys/file.h"

#include <stdio.h>
#include <unistd.h>

enum { HEAD_LEN = 81, CHUNK_OVERHEAD = 21, FILE_MAX = 1024 * 1024 };

static char folder[] = "/tmp/padlock-backup-file-XXXXXX";
static char path[64];
static struct secret right;
static struct secret wrong;

static int set_up(void **state) {
    (void)state;
    struct err e = {0};
    if (mkdtemp(folder) == NULL || !secret_copy(&right, "correct horse", 13, &e) ||
        !secret_copy(&wrong, "correct horsf", 13, &e)) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/backup", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    secret_clear(&right);
    secret_clear(&wrong);
    (void)unlink(path);
    return rmdir(folder); /* also: nothing else was left behind */
}

static uint8_t expected_byte(size_t index) {
    return (uint8_t)(index * 31 + index / 251);
}

static bool write_pattern(size_t len, struct err *e) {
    PL_AUTO(backup_writer_freep) struct backup_writer *writer = NULL;
    PL_AUTO(buf_clear) struct buf bytes = {.max = FILE_MAX};
    for (size_t i = 0; i < len; i++) {
        if (!buf_append_byte(&bytes, expected_byte(i), e)) {
            return false;
        }
    }
    return backup_writer_new(path, &right, &writer, e) &&
           backup_writer_write(writer, bytes.data, bytes.len, e) &&
           backup_writer_finish(writer, true, e);
}

/* Reads to the end in uneven steps. */
static bool read_all(size_t *out_len, bool *out_is_same, struct err *e) {
    PL_AUTO(backup_reader_freep) struct backup_reader *reader = NULL;
    uint8_t step[1009];
    size_t got = sizeof(step);
    size_t len = 0;
    bool is_same = true;
    if (!backup_reader_new(path, &right, &reader, e)) {
        return false;
    }
    while (got == sizeof(step)) {
        if (!backup_reader_read(reader, step, sizeof(step), &got, e)) {
            return false;
        }
        for (size_t i = 0; i < got; i++) {
            is_same = is_same && step[i] == expected_byte(len + i);
        }
        len += got;
    }
    *out_len = len;
    *out_is_same = is_same;
    return true;
}

static void test_what_was_written_is_read_at_every_edge_of_a_chunk(void **state) {
    (void)state;
    static const size_t lengths[] = {
        0, 1, BACKUP_CHUNK_MAX - 1, BACKUP_CHUNK_MAX, BACKUP_CHUNK_MAX + 1, 3 * BACKUP_CHUNK_MAX};
    for (size_t i = 0; i < PL_ARRAY_LEN(lengths); i++) {
        struct err e = {0};
        size_t len = 0;
        bool is_same = false;
        assert_ok(write_pattern(lengths[i], &e), &e);
        assert_ok(read_all(&len, &is_same, &e), &e);
        assert_int_equal(len, lengths[i]);
        assert_true(is_same);
    }
}

static void test_wrong_passphrase_is_told_apart_from_damage(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(backup_reader_freep) struct backup_reader *reader = NULL;
    assert_ok(write_pattern(100, &e), &e);
    assert_fails(backup_reader_new(path, &wrong, &reader, &e), &e, ERR_OPS_BACKUP_PASSPHRASE);
}

static void read_file(struct buf *out) {
    struct err e = {0};
    buf_init(out, FILE_MAX);
    assert_ok(file_read(path, out, &e), &e);
}

static void assert_damaged(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    size_t ignored_len = 0;
    bool ignored = false;
    assert_ok(file_replace(path, bytes, len, 0600, &e), &e);
    assert_fails(read_all(&ignored_len, &ignored, &e), &e, ERR_OPS_BACKUP_DAMAGED);
}

static void test_any_changed_byte_is_noticed(void **state) {
    (void)state;
    struct err e = {0};
    struct buf file;
    assert_ok(write_pattern(BACKUP_CHUNK_MAX + 10, &e), &e);
    read_file(&file);
    size_t second = HEAD_LEN + CHUNK_OVERHEAD + BACKUP_CHUNK_MAX;
    /* salt, verifier, check; kind, length, text and tag of both chunks */
    const size_t places[] = {17,           33,           49,           80,         HEAD_LEN,
                             HEAD_LEN + 1, HEAD_LEN + 4, HEAD_LEN + 5, second - 1, second,
                             second + 4,   second + 5,   file.len - 1};
    for (size_t i = 0; i < PL_ARRAY_LEN(places); i++) {
        file.data[places[i]] ^= 1;
        assert_damaged(file.data, file.len);
        file.data[places[i]] ^= 1;
    }
    buf_clear(&file);
}

static void test_any_cut_is_noticed(void **state) {
    (void)state;
    struct err e = {0};
    struct buf file;
    assert_ok(write_pattern(BACKUP_CHUNK_MAX + 10, &e), &e);
    read_file(&file);
    size_t second = HEAD_LEN + CHUNK_OVERHEAD + BACKUP_CHUNK_MAX;
    const size_t lengths[] = {17,         HEAD_LEN - 1, HEAD_LEN,   HEAD_LEN + 4,
                              second - 1, second,       second + 5, file.len - 1};
    for (size_t i = 0; i < PL_ARRAY_LEN(lengths); i++) {
        assert_damaged(file.data, lengths[i]);
    }
    buf_clear(&file);
}

static void test_moved_and_added_chunks_are_noticed(void **state) {
    (void)state;
    struct err e = {0};
    struct buf file;
    assert_ok(write_pattern(3 * BACKUP_CHUNK_MAX, &e), &e);
    read_file(&file);
    size_t chunk_len = CHUNK_OVERHEAD + BACKUP_CHUNK_MAX;
    PL_AUTO(buf_clear) struct buf other = {.max = FILE_MAX};
    assert_ok(buf_append(&other, file.data, HEAD_LEN, &e), &e);
    assert_ok(buf_append(&other, file.data + HEAD_LEN + chunk_len, chunk_len, &e), &e);
    assert_ok(buf_append(&other, file.data + HEAD_LEN, chunk_len, &e), &e);
    assert_ok(buf_append(&other, file.data + HEAD_LEN + 2 * chunk_len, chunk_len, &e), &e);
    assert_damaged(other.data, other.len);
    assert_ok(buf_append_byte(&file, 0, &e), &e);
    assert_damaged(file.data, file.len);
    buf_clear(&file);
}

static void test_another_file_is_not_a_backup(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(backup_reader_freep) struct backup_reader *reader = NULL;
    static const char *const files[] = {"", "PADLOCK-BACKUP-1", "PADLOCK-BACKUP-2\n and more"};
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        assert_ok(file_replace(path, files[i], strlen(files[i]), 0600, &e), &e);
        assert_fails(backup_reader_new(path, &right, &reader, &e), &e, ERR_OPS_BACKUP_FOREIGN);
    }
    (void)unlink(path);
    assert_fails(backup_reader_new(path, &right, &reader, &e), &e, ERR_SYS_FILE_MISSING);
}

static void test_passphrase_length_has_limits(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret none = {0};
    PL_AUTO(secret_clear) struct secret longest = {0};
    PL_AUTO(secret_clear) struct secret longer = {0};
    PL_AUTO(backup_writer_freep) struct backup_writer *writer = NULL;
    assert_ok(secret_init(&longest, BACKUP_PASSPHRASE_MAX, &e), &e);
    assert_ok(secret_init(&longer, BACKUP_PASSPHRASE_MAX + 1, &e), &e);
    assert_fails(backup_writer_new(path, &none, &writer, &e), &e, ERR_OPS_BACKUP_PASSPHRASE);
    assert_fails(backup_writer_new(path, &longer, &writer, &e), &e, ERR_OPS_BACKUP_PASSPHRASE);
    assert_ok(backup_writer_new(path, &longest, &writer, &e), &e);
}

static void test_unfinished_file_leaves_nothing_and_existing_one_stands(void **state) {
    (void)state;
    struct err e = {0};
    struct backup_writer *writer = NULL;
    (void)unlink(path);
    assert_ok(backup_writer_new(path, &right, &writer, &e), &e);
    assert_ok(backup_writer_write(writer, "abc", 3, &e), &e);
    backup_writer_free(writer);
    assert_false(file_exists(path));
    assert_ok(file_create(path, "mine", 4, 0644, &e), &e);
    assert_ok(backup_writer_new(path, &right, &writer, &e), &e);
    assert_fails(backup_writer_finish(writer, false, &e), &e, ERR_SYS_FILE_EXISTS);
    backup_writer_free(writer);
    PL_AUTO(buf_clear) struct buf file;
    read_file(&file);
    assert_string_equal(buf_string(&file), "mine");
}

static void test_short_memory_is_survived(void **state) {
    (void)state;
    struct err e = {0};
    size_t len = 0;
    bool is_same = false;
    assert_survives_oom(write_pattern(10, &e), &e);
    assert_survives_oom(read_all(&len, &is_same, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_written_is_read_at_every_edge_of_a_chunk),
        cmocka_unit_test(test_wrong_passphrase_is_told_apart_from_damage),
        cmocka_unit_test(test_any_changed_byte_is_noticed),
        cmocka_unit_test(test_any_cut_is_noticed),
        cmocka_unit_test(test_moved_and_added_chunks_are_noticed),
        cmocka_unit_test(test_another_file_is_not_a_backup),
        cmocka_unit_test(test_passphrase_length_has_limits),
        cmocka_unit_test(test_unfinished_file_leaves_nothing_and_existing_one_stands),
        cmocka_unit_test(test_short_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
