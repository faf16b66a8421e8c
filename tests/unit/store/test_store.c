/* The store as a whole: made, opened, refused, copied, killed. */
#include "store_fixture.h"

#include "base/str.h"
#include "store/nodes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_new_store_has_mode_node_and_number(void **state) {
    struct fixture *f = *state;
    struct stat about;
    char path[128];
    int64_t seq = 0;
    PL_AUTO(node_row_freep) struct node_row *node = NULL;
    fixture_path(f, STORE_FILE_NAME, path);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    fixture_path(f, STORE_CHANGED_NAME, path);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_ok(store_node_get(f->store, store_node_id(f->store), &node, &f->e), &f->e);
    assert_string_equal(node->name, "one.example");
    assert_ok(store_change_seq(f->store, &seq, &f->e), &f->e);
    assert_int_equal(seq, 1);
    assert_true(store_exists(f->folder));
    assert_ok(store_check(f->store, &f->e), &f->e);
}

static void test_existing_store_is_not_overwritten(void **state) {
    struct fixture *f = *state;
    const struct store_new wish = {.file_mode = 0600, .file_group = (gid_t)-1, .node_name = "x"};
    struct store *second = NULL;
    assert_fails(store_create(f->folder, &wish, &second, &f->e), &f->e, ERR_STORE_EXISTS);
    assert_null(second);
    fixture_reopen(f, STORE_WRITE);
}

static void test_missing_store_is_told(void **state) {
    struct fixture *f = *state;
    struct store *store = NULL;
    assert_fails(store_open("/tmp/padlock-no-such-folder", STORE_READ, &store, &f->e), &f->e,
                 ERR_STORE_MISSING);
    assert_false(store_exists("/tmp/padlock-no-such-folder"));
}

static void overwrite(const struct fixture *f, const char *content, off_t at) {
    char path[128];
    fixture_path(f, STORE_FILE_NAME, path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, content, strlen(content), at), (ssize_t)strlen(content));
    assert_int_equal(close(fd), 0);
}

static void test_other_file_is_told_to_be_foreign(void **state) {
    struct fixture *f = *state;
    store_close(f->store);
    f->store = NULL;
    overwrite(f, "this is a text and not a database", 0);
    assert_fails(store_open(f->folder, STORE_WRITE, &f->store, &f->e), &f->e, ERR_STORE_FOREIGN);
}

static void test_other_programs_database_is_told_to_be_foreign(void **state) {
    struct fixture *f = *state;
    store_close(f->store);
    f->store = NULL;
    fixture_sql(f, "PRAGMA application_id = 7");
    assert_fails(store_open(f->folder, STORE_WRITE, &f->store, &f->e), &f->e, ERR_STORE_FOREIGN);
}

static void test_newer_schema_is_refused(void **state) {
    struct fixture *f = *state;
    store_close(f->store);
    f->store = NULL;
    fixture_sql(f, "UPDATE counters SET value = value + 1 WHERE name = 'schema'");
    assert_fails(store_open(f->folder, STORE_WRITE, &f->store, &f->e), &f->e,
                 ERR_STORE_SCHEMA_NEWER);
    assert_fails(store_open(f->folder, STORE_READ, &f->store, &f->e), &f->e,
                 ERR_STORE_SCHEMA_NEWER);
}

static void test_damaged_store_is_told(void **state) {
    struct fixture *f = *state;
    char garbage[8000];
    memset(garbage, 'x', sizeof(garbage) - 1);
    garbage[sizeof(garbage) - 1] = '\0';
    store_close(f->store);
    f->store = NULL;
    overwrite(f, garbage, 4096);
    bool ok = store_open(f->folder, STORE_WRITE, &f->store, &f->e) && store_check(f->store, &f->e);
    assert_fails(ok, &f->e, ERR_STORE_CORRUPT);
}

static void test_read_only_store_reads_and_refuses_to_write(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    struct operation op = {0};
    PL_AUTO(site_row_freep) struct site_row *found = NULL;
    add_site(f, &site);
    fixture_reopen(f, STORE_READ);
    assert_true(store_is_read_only(f->store));
    assert_ok(store_site_get(f->store, &site.id, &found, &f->e), &f->e);
    assert_string_equal(found->name, "Site1");
    const struct operation_wish wish = {.title = "x", .actor = "test"};
    assert_fails(operation_begin(&op, f->store, &wish, &f->e), &f->e, ERR_STORE_READONLY);
    operation_rollback(&op);
}

static void test_commit_is_noticed_by_watchers(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    char path[128];
    uint8_t events[4096];
    fixture_path(f, STORE_CHANGED_NAME, path);
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(watch >= 0);
    assert_true(inotify_add_watch(watch, path, IN_MODIFY) >= 0);
    assert_true(read(watch, events, sizeof(events)) < 0);
    add_site(f, &site);
    assert_true(read(watch, events, sizeof(events)) > 0);
    assert_int_equal(close(watch), 0);
}

static void test_backup_is_a_store_of_its_own(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    char folder[128];
    char path[192];
    struct store *copy = NULL;
    PL_AUTO(site_row_freep) struct site_row *found = NULL;
    add_site(f, &site);
    fixture_path(f, "copy", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/%s", folder, STORE_FILE_NAME);
    assert_ok(store_backup_to(f->store, path, &f->e), &f->e);
    assert_fails(store_backup_to(f->store, path, &f->e), &f->e, ERR_STORE_EXISTS);
    assert_ok(store_open(folder, STORE_WRITE, &copy, &f->e), &f->e);
    assert_ok(store_site_get(copy, &site.id, &found, &f->e), &f->e);
    assert_non_null(found);
    store_close(copy);
}

static void test_settings_are_kept(void **state) {
    struct fixture *f = *state;
    struct operation op;
    char *value = NULL;
    assert_ok(store_setting_get(f->store, "base_url", &value, &f->e), &f->e);
    assert_null(value);
    begin(f, &op, "set");
    assert_ok(store_setting_set(f->store, "base_url", "http://a.example", &f->e), &f->e);
    assert_ok(store_setting_set(f->store, "base_url", "http://b.example", &f->e), &f->e);
    commit(f, &op);
    fixture_reopen(f, STORE_WRITE);
    assert_ok(store_setting_get(f->store, "base_url", &value, &f->e), &f->e);
    assert_string_equal(value, "http://b.example");
    mem_free(value);
}

static void test_full_disk_is_told_and_nothing_is_half_done(void **state) {
    struct fixture *f = *state;
    struct operation op;
    struct site_row site = make_site(1);
    add_site(f, &site);
    int64_t before = fixture_number(f, "SELECT count(*) FROM certs");
    struct rlimit unlimited;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    const struct rlimit small = {.rlim_cur = 512 * 1024, .rlim_max = unlimited.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    begin(f, &op, "fill");
    bool ok = true;
    for (unsigned i = 0; i < 1000 && ok; i++) {
        struct cert_row row = make_cert(i);
        ok = store_cert_insert(f->store, &row, &f->e);
    }
    ok = ok && operation_commit(&op, &f->e);
    operation_rollback(&op);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_fails(ok, &f->e, ERR_STORE_FULL);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM certs"), before);
    fixture_reopen(f, STORE_WRITE);
    struct cert_row row = make_cert(1);
    add_cert(f, &row);
}

/* The child dies inside a transaction, after `writes` of four; nothing of it may remain. */
static void die_after(const struct fixture *f, unsigned writes) {
    struct err e = {0};
    struct store *store = NULL;
    struct operation op;
    const struct operation_wish wish = {.title = "doomed", .actor = "test", .is_undoable = true};
    if (!store_open(f->folder, STORE_WRITE, &store, &e) ||
        !operation_begin(&op, store, &wish, &e)) {
        _exit(1);
    }
    for (unsigned i = 0; i < writes; i++) {
        struct cert_row row = make_cert(i);
        if (!store_cert_insert(store, &row, &e)) {
            _exit(1);
        }
    }
    (void)kill(getpid(), SIGKILL);
    _exit(1);
}

static void test_killed_transaction_leaves_nothing(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    add_site(f, &site);
    for (unsigned writes = 0; writes < 5; writes++) {
        store_close(f->store);
        f->store = NULL;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            die_after(f, writes);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_ok(store_open(f->folder, STORE_WRITE, &f->store, &f->e), &f->e);
        assert_ok(store_check(f->store, &f->e), &f->e);
        assert_int_equal(fixture_number(f, "SELECT count(*) FROM certs"), 0);
        assert_int_equal(fixture_number(f, "SELECT count(*) FROM cert_names"), 0);
        assert_int_equal(fixture_number(f, "SELECT count(*) FROM sites"), 1);
        assert_int_equal(fixture_number(f, "SELECT count(*) FROM operations"), 2);
    }
}

static void test_second_writer_waits_and_is_told(void **state) {
    struct fixture *f = *state;
    struct operation op;
    begin(f, &op, "long");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct err e = {0};
        struct store *store = NULL;
        struct operation second;
        const struct operation_wish wish = {.title = "late", .actor = "test"};
        if (!store_open(f->folder, STORE_WRITE, &store, &e)) {
            _exit(2);
        }
        store_set_busy_timeout(store, 50);
        bool ok = !operation_begin(&second, store, &wish, &e) && e.code == ERR_STORE_BUSY;
        _exit(ok ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    operation_rollback(&op);
}

static void test_read_view_stands_still(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    struct store *reader = NULL;
    int64_t before = 0;
    int64_t during = 0;
    int64_t after = 0;
    assert_ok(store_open(f->folder, STORE_READ, &reader, &f->e), &f->e);
    assert_ok(store_read_begin(reader, &f->e), &f->e);
    assert_ok(store_change_seq(reader, &before, &f->e), &f->e);
    add_site(f, &site);
    assert_ok(store_change_seq(reader, &during, &f->e), &f->e);
    store_read_end(reader);
    assert_ok(store_change_seq(reader, &after, &f->e), &f->e);
    assert_int_equal(before, during);
    assert_int_equal(after, before + 1);
    store_close(reader);
}

static bool open_and_add(struct fixture *f, unsigned number) {
    PL_AUTO(store_closep) struct store *store = NULL;
    PL_AUTO(operation_rollback) struct operation op = {0};
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    const struct operation_wish wish = {.title = "x", .actor = "test", .is_undoable = true};
    struct cert_row row = make_cert(number);
    return store_open(f->folder, STORE_WRITE, &store, &f->e) &&
           operation_begin(&op, store, &wish, &f->e) && store_cert_insert(store, &row, &f->e) &&
           store_cert_update(store, &row, &f->e) &&
           store_cert_list(store, NULL, CERT_SORT_NAME, NULL, &rows, &f->e) &&
           operation_commit(&op, &f->e);
}

static void test_memory_running_out_anywhere_is_survived(void **state) {
    struct fixture *f = *state;
    unsigned number = 0;
    assert_survives_oom(open_and_add(f, number++), &f->e);
    assert_ok(store_check(f->store, &f->e), &f->e);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM certs"), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_new_store_has_mode_node_and_number),
        STORE_TEST(test_existing_store_is_not_overwritten),
        STORE_TEST(test_missing_store_is_told),
        STORE_TEST(test_other_file_is_told_to_be_foreign),
        STORE_TEST(test_other_programs_database_is_told_to_be_foreign),
        STORE_TEST(test_newer_schema_is_refused),
        STORE_TEST(test_damaged_store_is_told),
        STORE_TEST(test_read_only_store_reads_and_refuses_to_write),
        STORE_TEST(test_commit_is_noticed_by_watchers),
        STORE_TEST(test_backup_is_a_store_of_its_own),
        STORE_TEST(test_settings_are_kept),
        STORE_TEST(test_full_disk_is_told_and_nothing_is_half_done),
        STORE_TEST(test_killed_transaction_leaves_nothing),
        STORE_TEST(test_second_writer_waits_and_is_told),
        STORE_TEST(test_read_view_stands_still),
        STORE_TEST(test_memory_running_out_anywhere_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
