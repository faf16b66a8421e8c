/* sys/folder: references, and that nothing outside is opened. */
#include "unit.h"

#include "sys/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];

static const char *path_in(const char *name) {
    static char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", top, name);
    return path;
}

static int set_up(void **state) {
    (void)state;
    (void)snprintf(top, sizeof(top), "/tmp/padlock-folder-XXXXXX");
    assert_non_null(mkdtemp(top));
    assert_int_equal(mkdir(path_in("in"), 0755), 0);
    int fd = open(path_in("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(symlink("../file", path_in("in/up")), 0);
    assert_int_equal(symlink("/etc", path_in("in/absolute")), 0);
    assert_int_equal(symlink("/proc/self/root", path_in("in/magic")), 0);
    assert_int_equal(mkfifo(path_in("in/fifo"), 0644), 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    static const char *const names[] = {"in/up", "in/absolute", "in/magic", "in/fifo", "file"};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        assert_int_equal(unlink(path_in(names[i])), 0);
    }
    assert_int_equal(rmdir(path_in("in")), 0);
    assert_int_equal(rmdir(top), 0);
    return 0;
}

static void assert_closed_off(const struct folder *folder, const char *path) {
    errno = 0;
    int fd = folder_open_beneath(folder, path);
    if (fd >= 0 || (errno != EXDEV && errno != ELOOP)) {
        fail_msg("%s: descriptor %d, errno %d", path, fd, errno);
    }
}

static void test_nothing_outside_is_opened(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(folder_freep) struct folder *folder = NULL;
    assert_ok(folder_open(path_in("in"), &folder, &e), &e);
    static const char *const out[] = {
        "..", "../file", "up", "absolute", "absolute/passwd", "magic", "magic/etc", "/etc/passwd"};
    for (size_t i = 0; i < PL_ARRAY_LEN(out); i++) {
        assert_closed_off(folder, out[i]);
    }
    int fd = folder_open_beneath(folder, "fifo"); /* without a writer, and yet at once */
    assert_true(fd >= 0);
    (void)close(fd);
    fd = folder_open_beneath(folder, "");
    assert_true(fd >= 0);
    (void)close(fd);
}

static void test_references_share_one_descriptor(void **state) {
    (void)state;
    struct err e = {0};
    struct folder *folder = NULL;
    assert_ok(folder_open(path_in("in"), &folder, &e), &e);
    int number = folder_fd(folder);
    struct folder *second = folder_ref(folder);
    folder_free(folder);
    assert_int_equal(fcntl(number, F_GETFD), FD_CLOEXEC);
    folder_free(second);
    assert_int_equal(fcntl(number, F_GETFD), -1);
    folder_free(NULL);
}

static void test_what_is_no_folder(void **state) {
    (void)state;
    struct err e = {0};
    struct folder *folder = NULL;
    assert_fails(folder_open(path_in("none"), &folder, &e), &e, ERR_SYS_FOLDER_MISSING);
    assert_fails(folder_open(path_in("file"), &folder, &e), &e, ERR_SYS_FOLDER_READ);
}

static bool open_folder(struct err *e) {
    PL_AUTO(folder_freep) struct folder *folder = NULL;
    return folder_open(path_in("in"), &folder, e);
}

static void test_every_failed_allocation_is_survived(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(open_folder(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_outside_is_opened),
        cmocka_unit_test(test_references_share_one_descriptor),
        cmocka_unit_test(test_what_is_no_folder),
        cmocka_unit_test(test_every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
