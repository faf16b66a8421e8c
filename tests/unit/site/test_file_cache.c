/* site/file_cache: what is kept, and when it is not used. */
#include "unit.h"

#include "site/file_cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FILES = 6 };

static char top[] = "/tmp/padlock-files-XXXXXX";
static struct folder *folder;
static struct file_cache *cache;

static const char *path_of(const char *name) {
    static char paths[2][128]; /* two can be used at a time */
    static unsigned turn;
    char *path = paths[turn++ % 2];
    (void)snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
    return path;
}

static void write_file(const char *name, size_t len, char filling) {
    static char content[FILE_CACHE_FILE_MAX + 1];
    memset(content, filling, len);
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, len), (ssize_t)len);
    (void)close(fd);
}

static bool put(const char *name) {
    struct cached_file file;
    struct stat about;
    int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &about), 0);
    bool is_kept = file_cache_put(cache, folder, name, fd, &about, &file);
    (void)close(fd);
    return is_kept;
}

static bool find(const char *name, char expected) {
    struct cached_file file;
    bool is_found = file_cache_find(cache, folder, name, &file);
    assert_true(!is_found || file.bytes[file.about.st_size - 1] == (uint8_t)expected);
    return is_found;
}

static int set_up(void **state) {
    struct err e = {0};
    (void)state;
    assert_non_null(mkdtemp(top));
    assert_ok(folder_open(top, &folder, &e), &e);
    assert_ok(file_cache_new(&cache, &e), &e);
    for (char c = 'a'; c < 'a' + FILES; c++) {
        const char name[] = {c, '\0'};
        write_file(name, 100, c);
    }
    write_file("large", FILE_CACHE_FILE_MAX + 1, 'l');
    write_file("full", FILE_CACHE_FILE_MAX, 'f');
    write_file("empty", 0, ' ');
    (void)usleep((FILE_CACHE_SETTLE_MS + 1100) * 1000);
    return 0;
}

static int tear_down(void **state) {
    static const char *const names[] = {"a", "b",    "c",     "d",   "e",
                                        "f", "full", "large", "new", "empty"};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        (void)unlink(path_of(names[i]));
    }
    file_cache_free(cache);
    folder_free(folder);
    (void)rmdir(top);
    return 0;
}

static void test_small_settled_files_are_kept(void **state) {
    (void)state;
    assert_false(find("a", 'a'));
    assert_true(put("a"));
    assert_true(find("a", 'a'));
    assert_true(put("full"));
    assert_true(find("full", 'f'));
    assert_false(put("large"));
    assert_false(put("empty"));
    write_file("new", 10, 'n');
    assert_false(put("new"));
    assert_false(find("new", 'n'));
}

static void test_what_has_changed_is_not_used(void **state) {
    (void)state;
    assert_true(put("b") && put("c") && put("d") && put("e"));
    write_file("b", 100, 'x'); /* in place, of the same length */
    assert_false(find("b", 'b'));
    write_file("new", 100, 'y');
    assert_int_equal(rename(path_of("new"), path_of("c")), 0);
    assert_false(find("c", 'c'));
    assert_int_equal(chmod(path_of("d"), 0600), 0);
    assert_false(find("d", 'd'));
    assert_int_equal(unlink(path_of("e")), 0);
    assert_false(find("e", 'e'));
}

static void test_another_folder_has_its_own_files(void **state) {
    (void)state;
    struct err e = {0};
    struct cached_file file;
    struct folder *other = NULL;
    assert_true(put("f"));
    assert_ok(folder_open("/", &other, &e), &e);
    assert_false(file_cache_find(cache, other, "f", &file));
    folder_free(other);
    assert_true(find("f", 'f'));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_settled_files_are_kept),
        cmocka_unit_test(test_what_has_changed_is_not_used),
        cmocka_unit_test(test_another_folder_has_its_own_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
