/* role/saved: what was served last comes back, and a damaged file is no worse than none. */
#include "unit.h"

#include "role/saved.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char folder[] = "/tmp/padlock-saved-XXXXXX";
static char path[64];

static struct snapshot_builder *build_one(void) {
    struct err e = {0};
    struct snapshot_builder *builder = NULL;
    uint32_t listener = 0;
    uint32_t site = 0;
    uint32_t certificate = 0;
    const struct snapshot_site_wish site_wish = {.name = "site"};
    const struct snapshot_certificate_wish certificate_wish = {
        .leaf = (const uint8_t *)"a certificate", .leaf_len = 13, .family = KEY_EC};
    assert_ok(snapshot_builder_new(42, &builder, &e), &e);
    assert_ok(snapshot_builder_add_listener(builder, SNAPSHOT_HTTPS, "127.0.0.1", 8443, false,
                                            &listener, &e),
              &e);
    assert_ok(snapshot_builder_add_site(builder, &site_wish, &site, &e), &e);
    assert_ok(snapshot_builder_add_certificate(builder, &certificate_wish, &certificate, &e), &e);
    const struct snapshot_binding_wish wish = {.listener = listener,
                                               .host = "www.example.com",
                                               .site = site,
                                               .certificates = &certificate,
                                               .certificate_count = 1};
    assert_ok(snapshot_builder_add_binding(builder, &wish, &e), &e);
    return builder;
}

static void save_one(void) {
    struct err e = {0};
    PL_AUTO(snapshot_builder_freep) struct snapshot_builder *builder = build_one();
    PL_AUTO(snapshot_image_clear) struct snapshot_image image = {0};
    PL_AUTO(key_list_clear) struct key_list keys = {0};
    struct sealed_key key = {.id = {{9}}, .blob = (uint8_t[]){1, 2, 3}, .blob_len = 3};
    assert_ok(snapshot_builder_publish(builder, &image, &e), &e);
    assert_ok(key_list_add(&keys, &key, &e), &e);
    PL_AUTO(buf_clear) struct buf world = {.max = 100};
    assert_ok(buf_append_string(&world, "which row is which entry", &e), &e);
    assert_ok(saved_write(folder, 42, &image, &keys, &world, &e), &e);
}

static bool open_saved(const struct saved *saved, struct snapshot **out, struct err *e) {
    const struct snapshot_source source = {.index_fd = saved->image.index_fd,
                                           .segments = saved->image.segments,
                                           .segment_count = saved->image.segment_count};
    return snapshot_open(&source, out, e);
}

static void test_it_comes_back(void **state) {
    (void)state;
    struct err e = {0};
    static struct saved saved;
    PL_AUTO(snapshot_freep) struct snapshot *snapshot = NULL;
    uint32_t binding = 0;
    save_one();
    save_one(); /* over the one before */
    assert_ok(saved_read(folder, &saved, &e), &e);
    assert_int_equal(saved.seq, 42);
    assert_int_equal(saved.keys.count, 1);
    assert_int_equal(saved.world_len, 24);
    assert_memory_equal(saved.world, "which row is which entry", 24);
    assert_ok(open_saved(&saved, &snapshot, &e), &e);
    assert_int_equal(snapshot_lookup(snapshot, 0, "www.example.com", 15, &binding), SNAPSHOT_EXACT);
    saved_clear(&saved);
}

static void test_none_is_told(void **state) {
    (void)state;
    struct err e = {0};
    static struct saved saved;
    assert_fails(saved_read("/nonexistent", &saved, &e), &e, ERR_SYS_FILE_MISSING);
}

static void set_length(off_t len) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, len), 0);
    (void)close(fd);
}

static off_t length(void) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t len = lseek(fd, 0, SEEK_END);
    (void)close(fd);
    return len;
}

static void test_a_file_that_was_cut_is_refused(void **state) {
    (void)state;
    static struct saved saved;
    save_one();
    for (off_t len = length() - 1; len > 0; len -= 37) {
        struct err e = {0};
        set_length(len);
        assert_fails(saved_read(folder, &saved, &e), &e, ERR_ROLE_SAVED_BROKEN);
    }
}

static void flip(off_t at) {
    uint8_t byte = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0xFF;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
}

static void test_any_changed_byte_is_survived(void **state) {
    (void)state;
    static struct saved saved;
    save_one();
    for (off_t at = 0; at < length(); at += 3) {
        struct err e = {0};
        PL_AUTO(snapshot_freep) struct snapshot *snapshot = NULL;
        flip(at);
        if (saved_read(folder, &saved, &e)) {
            (void)!open_saved(&saved, &snapshot, &e);
            saved_clear(&saved);
        }
        flip(at);
    }
}

static int set_up(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/" SAVED_NAME, folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_comes_back),
        cmocka_unit_test(test_none_is_told),
        cmocka_unit_test(test_a_file_that_was_cut_is_refused),
        cmocka_unit_test(test_any_changed_byte_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
