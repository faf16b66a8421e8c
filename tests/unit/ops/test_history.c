/* Undo as a user sees it: what can be taken back, what cannot, and what is said then. */
#include "unit.h"

#include "base/clock.h"
#include "ops/history.h"
#include "ops/init.h"
#include "store/audit.h"

#include <stdio.h>
#include <unistd.h>

static char folder[] = "/tmp/padlock-history-XXXXXX";
static char home[64];
static struct ops *ops;

static int set_up(void **state) {
    (void)state;
    struct err e = {0};
    const struct init_wish wish = {.ca_name = "Test"};
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(home, sizeof(home), "%s/home", folder);
    return ops_init(home, &wish, &e) && ops_open(home, &ops, &e) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    static const char *const names[] = {"sealing.key", "changed", "store.db", "store.db-wal",
                                        "store.db-shm"};
    char path[128];
    ops_close(ops);
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", home, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(home);
    return rmdir(folder);
}

static void set_setting(const char *value, bool is_undoable) {
    struct err e = {0};
    PL_AUTO(operation_rollback) struct operation op = {0};
    const struct operation_wish wish = {
        .title = "set motto", .actor = "test", .is_undoable = is_undoable};
    assert_ok(operation_begin(&op, ops_store(ops), &wish, &e), &e);
    assert_ok(store_setting_set(ops_store(ops), "motto", value, &e), &e);
    assert_ok(operation_commit(&op, &e), &e);
}

static void assert_setting(const char *expected) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *value = NULL;
    assert_ok(store_setting_get(ops_store(ops), "motto", &value, &e), &e);
    assert_string_equal(value == NULL ? "" : value, expected);
}

static void test_nothing_to_undo_is_said(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(operation_row_freep) struct operation_row *row = NULL;
    assert_fails(ops_undo_pick(ops, NULL, &row, &e), &e, ERR_OPS_UNDO_MISSING);
    assert_fails(ops_undo_pick(ops, "00000000", &row, &e), &e, ERR_OPS_UNDO_MISSING);
}

static void test_undo_takes_back_the_newest_and_is_in_the_audit_trail(void **state) {
    (void)state;
    struct err e = {0};
    const struct audit_filter all = {0};
    const struct page newest = {.limit = 1, .is_descending = true};
    PL_AUTO(operation_row_freep) struct operation_row *row = NULL;
    PL_AUTO(operation_row_freep) struct operation_row *after = NULL;
    PL_AUTO(audit_rows_clear) struct audit_rows records = {0};
    set_setting("first", true);
    set_setting("second", true);
    assert_ok(ops_undo_pick(ops, NULL, &row, &e), &e);
    assert_ok(ops_undo(ops, row, &e), &e);
    assert_setting("first");
    assert_ok(store_operation_get(ops_store(ops), &row->id, &after, &e), &e);
    assert_int_equal(operation_undo_state(after, clock_now_ms()), UNDO_DONE);
    assert_fails(ops_undo(ops, after, &e), &e, ERR_STORE_UNDO_DONE);
    assert_ok(store_audit_list(ops_store(ops), &all, &newest, &records, &e), &e);
    assert_string_equal(records.items[0]->action, "operation.undo");
    assert_string_equal(records.items[0]->details, "set motto");
}

static void test_dry_run_takes_nothing_back(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(operation_row_freep) struct operation_row *row = NULL;
    set_setting("kept", true);
    assert_ok(ops_undo_pick(ops, NULL, &row, &e), &e);
    ops_set_dry_run(ops, true);
    assert_ok(ops_undo(ops, row, &e), &e);
    ops_set_dry_run(ops, false);
    assert_setting("kept");
}

static void test_states_follow_the_row(void **state) {
    (void)state;
    struct operation_row row = {.created_ms = 1000, .is_undoable = true};
    assert_int_equal(operation_undo_state(&row, 1000 + STORE_UNDO_MS), UNDO_POSSIBLE);
    assert_int_equal(operation_undo_state(&row, 1001 + STORE_UNDO_MS), UNDO_OLD);
    row.is_undoable = false;
    assert_int_equal(operation_undo_state(&row, 1000), UNDO_NEVER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_undo_is_said),
        cmocka_unit_test(test_undo_takes_back_the_newest_and_is_in_the_audit_trail),
        cmocka_unit_test(test_dry_run_takes_nothing_back),
        cmocka_unit_test(test_states_follow_the_row),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
