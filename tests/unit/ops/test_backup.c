/* Backup and restore, of a store that init makes: what comes back is what was there, or nothing. */
#include "unit.h"

#include "ops/backup.h"
#include "ops/init.h"
#include "ops/issuer.h"
#include "store/store.h"
#include "sys/file.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 128, FILE_MAX = 16 * 1024 * 1024 };

static char folder[] = "/tmp/padlock-backup-XXXXXX";
static char home[PATH_SIZE];  /* the data directory that is backed up */
static char other[PATH_SIZE]; /* the one that is made from the backup */
static char file[PATH_SIZE];
static struct secret right;
static struct secret wrong;

static void remove_folder(const char *path) {
    char name[2 * PATH_SIZE + 300];
    DIR *open_folder = opendir(path);
    const struct dirent *entry = NULL;
    while (open_folder != NULL && (entry = readdir(open_folder)) != NULL) {
        (void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        (void)unlink(name);
    }
    if (open_folder != NULL) {
        (void)closedir(open_folder);
    }
    (void)rmdir(path);
}

static size_t count_files(const char *path) {
    size_t count = 0;
    DIR *open_folder = opendir(path);
    const struct dirent *entry = NULL;
    while (open_folder != NULL && (entry = readdir(open_folder)) != NULL) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 ? 1 : 0;
    }
    if (open_folder != NULL) {
        (void)closedir(open_folder);
    }
    return count;
}

static bool make_home(struct err *e) {
    const struct init_wish wish = {.ca_name = "Test"};
    return ops_init(home, &wish, e);
}

static bool back_up(bool is_over, struct err *e) {
    PL_AUTO(ops_closep) struct ops *ops = NULL;
    int64_t len = 0;
    return ops_open(home, &ops, e) && ops_backup(ops, file, &right, is_over, &len, e);
}

static int set_up(void **state) {
    (void)state;
    struct err e = {0};
    if (mkdtemp(folder) == NULL || !secret_copy(&right, "correct horse", 13, &e) ||
        !secret_copy(&wrong, "wrong horse", 11, &e)) {
        return -1;
    }
    (void)snprintf(home, sizeof(home), "%s/home", folder);
    (void)snprintf(other, sizeof(other), "%s/other", folder);
    (void)snprintf(file, sizeof(file), "%s/backup", folder);
    return make_home(&e) && back_up(false, &e) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    remove_folder(home);
    remove_folder(other);
    (void)unlink(file);
    secret_clear(&right);
    secret_clear(&wrong);
    return rmdir(folder);
}

static int remove_other(void **state) {
    (void)state;
    remove_folder(other);
    return 0;
}

static bool restore(const struct secret *passphrase, bool is_dry_run, struct err *e) {
    struct restored restored = {0};
    return ops_restore(other, file, passphrase, is_dry_run, &restored, e);
}

static void assert_mode(const char *folder_path, const char *name, mode_t mode) {
    char path[2 * PATH_SIZE];
    struct stat about;
    (void)snprintf(path, sizeof(path), "%s/%s", folder_path, name);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, mode);
}

static void test_restored_store_has_the_same_root_and_opens_its_keys(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ops_closep) struct ops *before = NULL;
    PL_AUTO(ops_closep) struct ops *after = NULL;
    PL_AUTO(issuer_clear) struct issuer root = {0};
    PL_AUTO(issuer_clear) struct issuer same = {0};
    struct keys *keys = NULL;
    assert_ok(restore(&right, false, &e), &e);
    assert_ok(ops_open(home, &before, &e) && ops_open(other, &after, &e), &e);
    assert_ok(ops_root(before, &root, &e) && ops_root(after, &same, &e), &e);
    assert_true(cert_equal(root.certificate, same.certificate));
    assert_ok(ops_keys(after, &keys, &e), &e);
    assert_mode(other, "sealing.key", 0600);
    assert_mode(other, STORE_FILE_NAME, 0600);
}

static void test_backup_is_private_and_leaves_nothing_beside(void **state) {
    (void)state;
    struct err e = {0};
    assert_mode(folder, "backup", 0600);
    size_t count = count_files(home);
    assert_ok(back_up(true, &e), &e);
    assert_int_equal(count_files(home), count);
}

static void test_backup_never_overwrites_unasked(void **state) {
    (void)state;
    struct err e = {0};
    assert_fails(back_up(false, &e), &e, ERR_SYS_FILE_EXISTS);
}

static void test_restore_never_overwrites_a_store(void **state) {
    (void)state;
    struct err e = {0};
    struct restored restored = {0};
    assert_fails(ops_restore(home, file, &right, false, &restored, &e), &e, ERR_STORE_EXISTS);
}

static void test_wrong_passphrase_leaves_nothing(void **state) {
    (void)state;
    struct err e = {0};
    assert_fails(restore(&wrong, false, &e), &e, ERR_OPS_BACKUP_PASSPHRASE);
    assert_false(file_exists(other));
}

static void test_dry_run_leaves_nothing(void **state) {
    (void)state;
    struct err e = {0};
    assert_ok(restore(&right, true, &e), &e);
    assert_false(file_exists(other));
}

static void test_damaged_backup_leaves_nothing(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf bytes = {.max = FILE_MAX};
    assert_ok(file_read(file, &bytes, &e), &e);
    assert_ok(file_replace(file, bytes.data, bytes.len - 1, 0600, &e), &e);
    assert_fails(restore(&right, false, &e), &e, ERR_OPS_BACKUP_DAMAGED);
    assert_false(file_exists(other));
    assert_ok(file_replace(file, bytes.data, bytes.len, 0600, &e), &e);
}

static void test_another_sealing_key_stands(void **state) {
    (void)state;
    struct err e = {0};
    char path[2 * PATH_SIZE];
    PL_AUTO(buf_clear) struct buf bytes = {.max = FILE_MAX};
    (void)snprintf(path, sizeof(path), "%s/sealing.key", other);
    assert_ok(file_make_folder(other, 0700, &e), &e);
    assert_ok(file_create(path, "another", 7, 0600, &e), &e);
    assert_fails(restore(&right, false, &e), &e, ERR_KEYS_SEALING_EXISTS);
    assert_ok(file_read(path, &bytes, &e), &e);
    assert_string_equal(buf_string(&bytes), "another");
    assert_int_equal(count_files(other), 1);
}

static void test_restore_goes_on_after_one_that_was_cut_short(void **state) {
    (void)state;
    struct err e = {0};
    char from[2 * PATH_SIZE];
    char to[2 * PATH_SIZE];
    (void)snprintf(from, sizeof(from), "%s/sealing.key", home);
    (void)snprintf(to, sizeof(to), "%s/sealing.key", other);
    assert_ok(file_make_folder(other, 0700, &e), &e);
    assert_int_equal(link(from, to), 0);
    assert_ok(restore(&right, false, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_restored_store_has_the_same_root_and_opens_its_keys,
                                  remove_other),
        cmocka_unit_test(test_backup_is_private_and_leaves_nothing_beside),
        cmocka_unit_test(test_backup_never_overwrites_unasked),
        cmocka_unit_test(test_restore_never_overwrites_a_store),
        cmocka_unit_test_teardown(test_wrong_passphrase_leaves_nothing, remove_other),
        cmocka_unit_test_teardown(test_dry_run_leaves_nothing, remove_other),
        cmocka_unit_test_teardown(test_damaged_backup_leaves_nothing, remove_other),
        cmocka_unit_test_teardown(test_another_sealing_key_stands, remove_other),
        cmocka_unit_test_teardown(test_restore_goes_on_after_one_that_was_cut_short, remove_other),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
