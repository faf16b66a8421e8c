/*
 * Memory running out inside SQLite, at every one of its allocations: each is told as base.oom, and
 * the store is whole afterwards.
 */
#include "store_fixture.h"

#include <sqlite3.h>

enum { PREFIX = 16 }; /* keeps the size, and the alignment */

static void *hook_alloc(int size) {
    uint8_t *memory = mem_hook_alloc((size_t)size + PREFIX);
    if (memory == NULL) {
        return NULL;
    }
    memcpy(memory, &size, sizeof(size));
    return memory + PREFIX;
}

static int hook_size(void *memory) {
    int size = 0;
    if (memory != NULL) {
        memcpy(&size, (uint8_t *)memory - PREFIX, sizeof(size));
    }
    return size;
}

static void hook_free(void *memory) {
    mem_hook_free(memory == NULL ? NULL : (uint8_t *)memory - PREFIX);
}

static void *hook_resize(void *memory, int size) {
    uint8_t *resized = mem_hook_resize((uint8_t *)memory - PREFIX, (size_t)size + PREFIX);
    if (resized == NULL) {
        return NULL;
    }
    memcpy(resized, &size, sizeof(size));
    return resized + PREFIX;
}

static int hook_round_up(int size) {
    return (size + 7) & ~7;
}

static int hook_init(void *user) {
    (void)user;
    return SQLITE_OK;
}

static void hook_shutdown(void *user) {
    (void)user;
}

static int use_hooks(void **state) {
    static sqlite3_mem_methods methods = {hook_alloc,    hook_free, hook_resize,   hook_size,
                                          hook_round_up, hook_init, hook_shutdown, NULL};
    (void)state;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK ? 0 : 1;
}

static bool write_and_list(struct fixture *f, struct store *store, unsigned number) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    const struct operation_wish wish = {.title = "x", .actor = "test", .is_undoable = true};
    const struct cert_filter filter = {.domain = "example"};
    struct cert_row row = make_cert(number);
    return operation_begin(&op, store, &wish, &f->e) && store_cert_insert(store, &row, &f->e) &&
           store_cert_update(store, &row, &f->e) &&
           store_cert_list(store, &filter, CERT_SORT_NAME, NULL, &rows, &f->e) &&
           operation_commit(&op, &f->e);
}

static bool open_write_and_list(struct fixture *f, unsigned number) {
    PL_AUTO(store_closep) struct store *store = NULL;
    return store_open(f->folder, STORE_WRITE, &store, &f->e) && write_and_list(f, store, number);
}

static void check_whole(struct fixture *f) {
    assert_ok(store_check(f->store, &f->e), &f->e);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM cert_names"),
                     fixture_number(f, "SELECT count(*) * 5 FROM certs"));
    assert_int_equal(fixture_number(f, "SELECT count(*) * 2 FROM certs"),
                     fixture_number(f, "SELECT count(*) FROM changes WHERE table_name = 'certs'"));
}

static void test_an_open_store_survives(void **state) {
    struct fixture *f = *state;
    unsigned number = 0;
    assert_survives_oom(write_and_list(f, f->store, number++), &f->e);
    check_whole(f);
}

static void test_opening_a_store_survives(void **state) {
    struct fixture *f = *state;
    unsigned number = 0;
    store_close(f->store);
    f->store = NULL;
    assert_survives_oom(open_write_and_list(f, number++), &f->e);
    fixture_reopen(f, STORE_WRITE);
    check_whole(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_an_open_store_survives),
        STORE_TEST(test_opening_a_store_survives),
    };
    return cmocka_run_group_tests(tests, use_hooks, NULL);
}
