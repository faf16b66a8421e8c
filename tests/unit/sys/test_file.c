/* sys/file: read whole with a limit, written whole or not at all. */
#include "unit.h"

#include "sys/file.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/padlock-test-XXXXXX");
    return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static int remove_folder(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(mem_freep) char *command = NULL;
    assert_ok(mem_printf(&command, &e, "chmod -R u+rwx %s && rm -r %s", folder, folder), &e);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static size_t count_files(void) {
    size_t count = 0;
    DIR *directory = opendir(".");
    assert_non_null(directory);
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    (void)closedir(directory);
    return count;
}

static mode_t mode_of(const char *path) {
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 07777;
}

static void put(const char *path, const char *text) {
    struct err e = {0};
    assert_ok(file_replace(path, text, strlen(text), 0644, &e), &e);
}

static void assert_content(const char *path, const char *text) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf content;
    buf_init(&content, 1000000);
    assert_ok(file_read(path, &content, &e), &e);
    assert_string_equal(buf_string(&content), text);
}

static void test_a_file_reads_back(void **state) {
    (void)state;
    struct err e = {0};
    static uint8_t bytes[100000];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 31 >> 3);
    }
    assert_ok(file_replace("a", bytes, sizeof(bytes), 0600, &e), &e);
    PL_AUTO(buf_clear) struct buf content;
    buf_init(&content, sizeof(bytes));
    assert_ok(file_read("a", &content, &e), &e);
    assert_int_equal(content.len, sizeof(bytes));
    assert_memory_equal(content.data, bytes, sizeof(bytes));
    put("empty", "");
    assert_content("empty", "");
}

static void test_the_readers_maximum_is_the_limit(void **state) {
    (void)state;
    struct err e = {0};
    put("a", "12345");
    PL_AUTO(buf_clear) struct buf fits;
    buf_init(&fits, 5);
    assert_ok(file_read("a", &fits, &e), &e);
    PL_AUTO(buf_clear) struct buf small;
    buf_init(&small, 4);
    assert_fails(file_read("a", &small, &e), &e, ERR_SYS_FILE_TOO_LARGE);
    /* A file without an end must not be read for ever. */
    PL_AUTO(buf_clear) struct buf zeros;
    buf_init(&zeros, 100000);
    assert_fails(file_read("/dev/zero", &zeros, &e), &e, ERR_SYS_FILE_TOO_LARGE);
}

static void test_what_cannot_be_read_is_told_apart(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf content;
    buf_init(&content, 100);
    assert_fails(file_read("nowhere", &content, &e), &e, ERR_SYS_FILE_MISSING);
    put("a", "x");
    assert_fails(file_read("a/b", &content, &e), &e, ERR_SYS_FILE_MISSING);
    assert_fails(file_read(".", &content, &e), &e, ERR_SYS_FILE_READ);
    struct secret secret = {0};
    assert_fails(file_read_secret("nowhere", &secret, &e), &e, ERR_SYS_FILE_MISSING);
    assert_fails(file_read_secret(".", &secret, &e), &e, ERR_SYS_FILE_READ);
    assert_fails(file_read_secret("/dev/zero", &secret, &e), &e, ERR_SYS_FILE_READ);
    assert_null(secret.bytes);
}

static void test_secrets_are_read_into_locked_memory(void **state) {
    (void)state;
    struct err e = {0};
    put("a", "password\n");
    PL_AUTO(secret_clear) struct secret secret = {0};
    assert_ok(file_read_secret("a", &secret, &e), &e);
    assert_int_equal(secret.len, 9);
    assert_string_equal(secret_string(&secret), "password\n");
    put("empty", "");
    PL_AUTO(secret_clear) struct secret empty = {0};
    assert_ok(file_read_secret("empty", &empty, &e), &e);
    assert_int_equal(empty.len, 0);
    assert_int_equal(truncate("empty", SECRET_MAX), 0);
    PL_AUTO(secret_clear) struct secret longest = {0};
    assert_ok(file_read_secret("empty", &longest, &e), &e);
    assert_int_equal(longest.len, SECRET_MAX);
    assert_int_equal(truncate("empty", SECRET_MAX + 1), 0);
    struct secret longer = {0};
    assert_fails(file_read_secret("empty", &longer, &e), &e, ERR_SYS_FILE_READ);
}

static void test_replacing_keeps_nothing_of_the_old_file(void **state) {
    (void)state;
    struct err e = {0};
    mode_t umask_before = umask(077);
    assert_ok(file_replace("a", "long content", 12, 0600, &e), &e);
    assert_int_equal(mode_of("a"), 0600);
    assert_ok(file_replace("a", "short", 5, 0664, &e), &e);
    (void)umask(umask_before);
    assert_int_equal(mode_of("a"), 0664);
    assert_content("a", "short");
    assert_int_equal(count_files(), 1);
}

static void test_a_link_is_replaced_and_not_followed(void **state) {
    (void)state;
    put("target", "old");
    assert_int_equal(symlink("target", "link"), 0);
    put("link", "new");
    assert_content("target", "old");
    assert_content("link", "new");
}

static void test_creating_never_overwrites(void **state) {
    (void)state;
    struct err e = {0};
    assert_ok(file_create("a", "first", 5, 0600, &e), &e);
    assert_fails(file_create("a", "second", 6, 0600, &e), &e, ERR_SYS_FILE_EXISTS);
    assert_content("a", "first");
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_fails(file_create("dangling", "x", 1, 0600, &e), &e, ERR_SYS_FILE_EXISTS);
    assert_false(file_exists("nowhere"));
    assert_int_equal(count_files(), 2);
}

static void test_what_cannot_be_written_leaves_nothing(void **state) {
    (void)state;
    struct err e = {0};
    assert_fails(file_replace("no/where", "x", 1, 0600, &e), &e, ERR_SYS_FILE_WRITE);
    assert_fails(file_create("no/where", "x", 1, 0600, &e), &e, ERR_SYS_FILE_WRITE);
    assert_ok(file_make_folder("taken", 0700, &e), &e);
    assert_fails(file_replace("taken", "x", 1, 0600, &e), &e, ERR_SYS_FILE_WRITE);
    assert_int_equal(count_files(), 1);
}

/* A full disk, as the limit on a file's size makes one. */
static void test_a_full_disk_leaves_the_old_content(void **state) {
    (void)state;
    struct err e = {0};
    static char large[20000];
    memset(large, 'x', sizeof(large));
    put("a", "old");
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){8192, before.rlim_max}), 0);
    bool ok = file_replace("a", large, sizeof(large), 0600, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_fails(ok, &e, ERR_SYS_FILE_WRITE);
    assert_content("a", "old");
    assert_int_equal(count_files(), 1);
}

static void test_folders_are_made_with_their_parents(void **state) {
    (void)state;
    struct err e = {0};
    mode_t umask_before = umask(077);
    assert_ok(file_make_folder("a/b//c/", 0755, &e), &e);
    (void)umask(umask_before);
    assert_true(file_exists("a/b/c"));
    assert_int_equal(mode_of("a"), 0755);
    assert_int_equal(mode_of("a/b/c"), 0755);
    assert_ok(file_make_folder("a/b", 0700, &e), &e);
    assert_int_equal(mode_of("a/b"), 0755);
    put("file", "x");
    assert_fails(file_make_folder("file", 0755, &e), &e, ERR_SYS_FILE_WRITE);
    assert_fails(file_make_folder("file/a", 0755, &e), &e, ERR_SYS_FILE_WRITE);
    static char long_path[5000];
    memset(long_path, 'a', sizeof(long_path) - 1);
    assert_fails(file_make_folder(long_path, 0755, &e), &e, ERR_SYS_FILE_WRITE);
}

static void test_paths_are_joined_with_one_slash(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(mem_freep) char *plain = NULL;
    assert_ok(file_join("a", "b", &plain, &e), &e);
    assert_string_equal(plain, "a/b");
    PL_AUTO(mem_freep) char *slashed = NULL;
    assert_ok(file_join("/", "b", &slashed, &e), &e);
    assert_string_equal(slashed, "/b");
}

static void test_a_folder_is_listed_in_order(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(list_clear) struct list names;
    list_init(&names, 2);
    assert_ok(file_list("nowhere", ".crt", &names, &e), &e);
    put("b.crt", "x");
    put("a.crt", "x");
    put("c.pem", "x");
    put(".d.crt", "x");
    assert_ok(file_list(".", ".crt", &names, &e), &e);
    assert_int_equal(names.count, 2);
    assert_string_equal(names.items[0], "a.crt");
    assert_string_equal(names.items[1], "b.crt");
    assert_fails(file_list(".", ".pem", &names, &e), &e, ERR_BASE_LIMIT);
    assert_fails(file_list("a.crt", ".crt", &names, &e), &e, ERR_SYS_FILE_READ);
}

static bool use_all(struct err *e) {
    PL_AUTO(buf_clear) struct buf content;
    PL_AUTO(mem_freep) char *path = NULL;
    buf_init(&content, 100000);
    return file_join(".", "swept", &path, e) && file_replace(path, "0123456789", 10, 0600, e) &&
           file_read(path, &content, e);
}

static void test_every_failed_allocation_is_told(void **state) {
    (void)state;
    struct err e;
    assert_survives_oom(use_all(&e), &e);
    assert_int_equal(count_files(), 1);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_a_folder_is_listed_in_order),
        IN_A_FOLDER(test_a_file_reads_back),
        IN_A_FOLDER(test_the_readers_maximum_is_the_limit),
        IN_A_FOLDER(test_what_cannot_be_read_is_told_apart),
        IN_A_FOLDER(test_secrets_are_read_into_locked_memory),
        IN_A_FOLDER(test_replacing_keeps_nothing_of_the_old_file),
        IN_A_FOLDER(test_a_link_is_replaced_and_not_followed),
        IN_A_FOLDER(test_creating_never_overwrites),
        IN_A_FOLDER(test_what_cannot_be_written_leaves_nothing),
        IN_A_FOLDER(test_a_full_disk_leaves_the_old_content),
        IN_A_FOLDER(test_folders_are_made_with_their_parents),
        IN_A_FOLDER(test_paths_are_joined_with_one_slash),
        IN_A_FOLDER(test_every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
