/* Undo: everything comes back, or nothing is touched and the reason is told. */
#include "store_fixture.h"

#include "store/chains.h"
#include "store/requests.h"

#include "base/clock.h"

static void newest(struct fixture *f, struct operation_row **out_row) {
    assert_ok(store_operation_newest_undoable(f->store, out_row, &f->e), &f->e);
}

/* Undoes the newest operation that can be undone. */
static void undo(struct fixture *f) {
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    newest(f, &operation);
    assert_non_null(operation);
    assert_ok(store_undo(f->store, &operation->id, "test", &f->e), &f->e);
}

static bool is_live(struct fixture *f, const struct id *cert_id) {
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    assert_ok(store_cert_get(f->store, cert_id, &row, &f->e), &f->e);
    assert_non_null(row);
    return row->deleted_ms == 0;
}

static size_t count_named(struct fixture *f, const char *name) {
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    const struct cert_filter filter = {.name = name};
    assert_ok(store_cert_list(f->store, &filter, CERT_SORT_EXPIRY, NULL, &rows, &f->e), &f->e);
    return rows.count;
}

static void test_undone_insert_is_gone_and_undoing_that_brings_it_back(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
    add_cert(f, &cert);
    assert_int_equal(count_named(f, "www.site1.example"), 1);
    newest(f, &operation);
    undo(f);
    assert_false(is_live(f, &cert.id));
    assert_int_equal(count_named(f, "www.site1.example"), 0);
    const struct page last = {.limit = 1, .is_descending = true};
    assert_ok(store_operation_list(f->store, &last, &rows, &f->e), &f->e);
    assert_string_equal(rows.items[0]->title, "undo add cert");
    assert_true(id_equal(&rows.items[0]->undoes, &operation->id));
    assert_ok(store_undo(f->store, &rows.items[0]->id, "test", &f->e), &f->e);
    assert_true(is_live(f, &cert.id));
    assert_int_equal(count_named(f, "www.site1.example"), 1);
}

static void test_undone_update_restores_every_column(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op;
    PL_AUTO(cert_row_freep) struct cert_row *before = NULL;
    PL_AUTO(cert_row_freep) struct cert_row *after = NULL;
    static char quoted[] = "a \"quoted\" \\ name \xe2\x80\xae with \n a line";
    char *names[] = {quoted};
    static const uint8_t other_der[] = {9, 8, 7};
    struct key_row key = make_key(1);
    add_key(f, &key);
    add_cert(f, &cert);
    assert_ok(store_cert_get(f->store, &cert.id, &before, &f->e), &f->e);
    begin(f, &op, "change all");
    cert.friendly_name = "Other";
    cert.key_id = key.id;
    cert.der = (struct bytes){other_der, sizeof(other_der)};
    cert.names = (struct texts){names, 1};
    cert.not_after_ms = -5;
    cert.is_ca = true;
    memset(cert.sha256, 7, sizeof(cert.sha256));
    assert_ok(store_cert_update(f->store, &cert, &f->e), &f->e);
    commit(f, &op);
    undo(f);
    assert_ok(store_cert_get(f->store, &cert.id, &after, &f->e), &f->e);
    assert_string_equal(after->friendly_name, before->friendly_name);
    assert_true(id_is_zero(&after->key_id));
    assert_int_equal(after->der.len, before->der.len);
    assert_memory_equal(after->der.data, before->der.data, before->der.len);
    assert_int_equal(after->names.count, 2);
    assert_string_equal(after->names.items[1], before->names.items[1]);
    assert_int_equal(after->not_after_ms, before->not_after_ms);
    assert_false(after->is_ca);
    assert_memory_equal(after->sha256, before->sha256, 32);
    assert_int_equal(after->version, before->version + 2);
}

static void test_undone_delete_brings_everything_back_in_order(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    struct operation op;
    PL_AUTO(binding_row_freep) struct binding_row *found = NULL;
    add_site(f, &site);
    struct binding_row binding = make_binding(1, &site);
    add_binding(f, &binding);
    begin(f, &op, "site remove");
    assert_ok(store_binding_delete(f->store, &binding, &f->e), &f->e);
    assert_ok(store_site_delete(f->store, &site, &f->e), &f->e);
    commit(f, &op);
    undo(f);
    assert_ok(store_binding_find_endpoint(f->store, "https", "192.0.2.1", 443, binding.host, &found,
                                          &f->e),
              &f->e);
    assert_non_null(found);
    assert_true(id_equal(&found->site_id, &site.id));
}

static void test_row_changed_twice_in_one_operation_goes_back_to_the_start(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op;
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    add_cert(f, &cert);
    begin(f, &op, "twice");
    cert.friendly_name = "B";
    assert_ok(store_cert_update(f->store, &cert, &f->e), &f->e);
    cert.friendly_name = "C";
    assert_ok(store_cert_update(f->store, &cert, &f->e), &f->e);
    commit(f, &op);
    undo(f);
    assert_ok(store_cert_get(f->store, &cert.id, &row, &f->e), &f->e);
    assert_string_equal(row->friendly_name, "Site 00001");
}

static void test_stale_undo_says_what_changed_since(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op;
    PL_AUTO(operation_row_freep) struct operation_row *first = NULL;
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    add_cert(f, &cert);
    newest(f, &first);
    begin(f, &op, "cert rename");
    cert.friendly_name = "Renamed";
    assert_ok(store_cert_update(f->store, &cert, &f->e), &f->e);
    commit(f, &op);
    assert_fails(store_undo(f->store, &first->id, "test", &f->e), &f->e, ERR_STORE_UNDO_STALE);
    assert_non_null(strstr(f->e.step[0], "\"cert rename\""));
    assert_true(is_live(f, &cert.id));
    assert_ok(store_cert_get(f->store, &cert.id, &row, &f->e), &f->e);
    assert_string_equal(row->friendly_name, "Renamed");
    undo(f);
    assert_ok(store_undo(f->store, &first->id, "test", &f->e), &f->e);
    assert_false(is_live(f, &cert.id));
}

static void test_redo_of_what_has_lost_its_ground_is_stale(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op;
    PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
    const struct page last = {.limit = 1, .is_descending = true};
    add_cert(f, &cert);
    begin(f, &op, "cert rename");
    cert.friendly_name = "Renamed";
    assert_ok(store_cert_update(f->store, &cert, &f->e), &f->e);
    commit(f, &op);
    undo(f);
    assert_ok(store_operation_list(f->store, &last, &rows, &f->e), &f->e);
    undo(f);
    assert_fails(store_undo(f->store, &rows.items[0]->id, "test", &f->e), &f->e,
                 ERR_STORE_UNDO_STALE);
}

/* What a server did for itself and nobody can undo is not in the list; all else is. */
static void test_the_list_leaves_out_what_a_server_did_for_itself(void **state) {
    struct fixture *f = *state;
    static const struct operation_wish wishes[] = {
        {.title = "one", .actor = "cli", .is_undoable = false},
        {.title = "two", .actor = STORE_ACTOR_SERVER, .is_undoable = true},
        {.title = "three", .actor = STORE_ACTOR_SERVER, .is_undoable = false},
    };
    for (unsigned i = 0; i < PL_ARRAY_LEN(wishes); i++) {
        PL_AUTO(operation_rollback) struct operation op = {0};
        struct cert_row cert = make_cert(i + 1);
        assert_ok(operation_begin(&op, f->store, &wishes[i], &f->e), &f->e);
        assert_ok(store_cert_insert(f->store, &cert, &f->e), &f->e);
        commit(f, &op);
    }
    PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
    const struct page last = {.limit = 2, .is_descending = true};
    assert_ok(store_operation_list(f->store, &last, &rows, &f->e), &f->e);
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.items[0]->title, "two");
    assert_string_equal(rows.items[1]->title, "one");
}

static void test_undo_and_redo_can_go_on_for_ever(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    const struct page last = {.limit = 1, .is_descending = true};
    add_cert(f, &cert);
    newest(f, &operation);
    for (unsigned i = 0; i < 4; i++) {
        PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
        assert_ok(store_undo(f->store, &operation->id, "test", &f->e), &f->e);
        assert_false(is_live(f, &cert.id));
        assert_ok(store_operation_list(f->store, &last, &rows, &f->e), &f->e);
        assert_ok(store_undo(f->store, &rows.items[0]->id, "test", &f->e), &f->e);
        assert_true(is_live(f, &cert.id));
    }
}

static void test_operation_is_undone_once(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    PL_AUTO(operation_row_freep) struct operation_row *left = NULL;
    add_cert(f, &cert);
    newest(f, &operation);
    undo(f);
    assert_fails(store_undo(f->store, &operation->id, "test", &f->e), &f->e, ERR_STORE_UNDO_DONE);
    newest(f, &left);
    assert_null(left);
}

static void test_operation_with_a_part_that_is_for_good_is_never_undone(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op;
    struct operation part;
    const struct operation_wish for_good = {.title = "issue", .actor = "test"};
    begin(f, &op, "all in one");
    assert_ok(store_cert_insert(f->store, &cert, &f->e), &f->e);
    assert_ok(operation_begin(&part, f->store, &for_good, &f->e), &f->e);
    commit(f, &part);
    commit(f, &op);
    assert_fails(store_undo(f->store, &op.id, "test", &f->e), &f->e, ERR_STORE_UNDO_NEVER);
    assert_true(is_live(f, &cert.id));
}

static void test_unknown_operation_is_told(void **state) {
    struct fixture *f = *state;
    const struct id unknown = {{1}};
    assert_fails(store_undo(f->store, &unknown, "test", &f->e), &f->e, ERR_STORE_MISSING_ROW);
}

static void test_undo_does_not_pull_the_ground_from_under_a_binding(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    add_site(f, &site);
    newest(f, &operation);
    struct binding_row binding = make_binding(1, &site);
    add_binding(f, &binding);
    assert_fails(store_undo(f->store, &operation->id, "test", &f->e), &f->e, ERR_STORE_REFERENCE);
}

static void test_undo_of_a_delete_whose_name_is_taken_fails_whole(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    struct site_row same_name = make_site(1);
    struct operation op;
    PL_AUTO(site_row_freep) struct site_row *row = NULL;
    add_site(f, &site);
    begin(f, &op, "site remove");
    assert_ok(store_site_delete(f->store, &site, &f->e), &f->e);
    commit(f, &op);
    add_site(f, &same_name);
    assert_fails(store_undo(f->store, &op.id, "test", &f->e), &f->e, ERR_STORE_CONSTRAINT);
    assert_string_equal(f->e.step[0], "a site of this name is already there");
    assert_ok(store_site_get(f->store, &site.id, &row, &f->e), &f->e);
    assert_int_not_equal(row->deleted_ms, 0);
}

static void test_images_never_hold_a_sealed_blob(void **state) {
    struct fixture *f = *state;
    struct key_row key = make_key(1);
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    PL_AUTO(change_rows_clear) struct change_rows changes = {0};
    add_key(f, &key);
    newest(f, &operation);
    assert_ok(store_change_list(f->store, &operation->id, NULL, &changes, &f->e), &f->e);
    assert_int_equal(changes.count, 1);
    assert_non_null(strstr(changes.items[0]->after_image, "\"provider\":\"software\""));
    assert_null(strstr(changes.items[0]->after_image, "\"blob\""));
    undo(f);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM keys WHERE deleted_ms IS NULL"), 0);
}

static void test_chain_comes_back_as_it_was(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct intermediate_row near = {.subject = "CN=Near", .issuer = "CN=Far", .sha256 = {1}};
    struct intermediate_row far = {.subject = "CN=Far", .issuer = "CN=Root", .sha256 = {2}};
    struct operation op;
    PL_AUTO(intermediate_rows_clear) struct intermediate_rows chain = {0};
    add_cert(f, &cert);
    begin(f, &op, "chain");
    assert_ok(store_intermediate_put(f->store, &near, &f->e), &f->e);
    assert_ok(store_intermediate_put(f->store, &far, &f->e), &f->e);
    const struct id both[] = {near.id, far.id};
    assert_ok(store_chain_set(f->store, &cert.id, both, 2, &f->e), &f->e);
    commit(f, &op);
    begin(f, &op, "shorter");
    assert_ok(store_chain_set(f->store, &cert.id, both, 1, &f->e), &f->e);
    commit(f, &op);
    undo(f);
    assert_ok(store_chain_get(f->store, &cert.id, &chain, &f->e), &f->e);
    assert_int_equal(chain.count, 2);
    assert_string_equal(chain.items[0]->subject, "CN=Near");
    assert_string_equal(chain.items[1]->subject, "CN=Far");
}

static bool undo_and_redo(struct fixture *f, const struct id *operation_id) {
    PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
    const struct page last = {.limit = 1, .is_descending = true};
    return store_undo(f->store, operation_id, "test", &f->e) &&
           store_operation_list(f->store, &last, &rows, &f->e) &&
           store_undo(f->store, &rows.items[0]->id, "test", &f->e);
}

/* A failing allocation may leave the undo done and the redo not: the next round goes on from there.
 */
static bool undo_and_redo_from_anywhere(struct fixture *f, const struct id *operation_id) {
    bool ok = undo_and_redo(f, operation_id);
    if (!ok && f->e.code == ERR_STORE_UNDO_DONE) {
        PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
        const struct page last = {.limit = 1, .is_descending = true};
        ok = store_operation_list(f->store, &last, &rows, &f->e) &&
             store_undo(f->store, &rows.items[0]->id, "test", &f->e) &&
             undo_and_redo(f, operation_id);
    }
    return ok;
}

static void test_memory_running_out_leaves_undo_whole(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op;
    add_cert(f, &cert);
    begin(f, &op, "rename");
    cert.friendly_name = "Renamed";
    assert_ok(store_cert_update(f->store, &cert, &f->e), &f->e);
    commit(f, &op);
    assert_survives_oom(undo_and_redo_from_anywhere(f, &op.id), &f->e);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM certs WHERE friendly_name='Renamed'"),
                     1);
}

/* Property: whatever was done, undoing all of it newest first brings the empty store back. */
static void test_undoing_everything_leaves_nothing_live(void **state) {
    struct fixture *f = *state;
    uint32_t random = 12345;
    struct cert_row certs[12];
    for (unsigned i = 0; i < 12; i++) {
        certs[i] = make_cert(i);
        add_cert(f, &certs[i]);
    }
    for (unsigned i = 0; i < 60; i++) {
        struct operation op;
        random = random * 1103515245 + 12345;
        struct cert_row *row = &certs[random / 65536 % 12];
        if (row->deleted_ms != 0) {
            continue;
        }
        begin(f, &op, "step");
        row->friendly_name = i % 2 == 0 ? "even" : "odd";
        bool is_delete = random % 7 == 0;
        assert_ok(is_delete ? store_cert_delete(f->store, row, &f->e)
                            : store_cert_update(f->store, row, &f->e),
                  &f->e);
        commit(f, &op);
    }
    for (;;) {
        PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
        newest(f, &operation);
        if (operation == NULL) {
            break;
        }
        assert_ok(store_undo(f->store, &operation->id, "test", &f->e), &f->e);
    }
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM certs WHERE deleted_ms IS NULL"), 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM cert_names"), 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM certs WHERE friendly_name NOT LIKE "
                                       "'Site%'"),
                     0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_undone_insert_is_gone_and_undoing_that_brings_it_back),
        STORE_TEST(test_undone_update_restores_every_column),
        STORE_TEST(test_undone_delete_brings_everything_back_in_order),
        STORE_TEST(test_row_changed_twice_in_one_operation_goes_back_to_the_start),
        STORE_TEST(test_stale_undo_says_what_changed_since),
        STORE_TEST(test_redo_of_what_has_lost_its_ground_is_stale),
        STORE_TEST(test_the_list_leaves_out_what_a_server_did_for_itself),
        STORE_TEST(test_undo_and_redo_can_go_on_for_ever),
        STORE_TEST(test_operation_is_undone_once),
        STORE_TEST(test_operation_with_a_part_that_is_for_good_is_never_undone),
        STORE_TEST(test_unknown_operation_is_told),
        STORE_TEST(test_undo_does_not_pull_the_ground_from_under_a_binding),
        STORE_TEST(test_undo_of_a_delete_whose_name_is_taken_fails_whole),
        STORE_TEST(test_images_never_hold_a_sealed_blob),
        STORE_TEST(test_chain_comes_back_as_it_was),
        STORE_TEST(test_memory_running_out_leaves_undo_whole),
        STORE_TEST(test_undoing_everything_leaves_nothing_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
