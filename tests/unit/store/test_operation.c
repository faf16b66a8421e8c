/* Operations: whole or not at all, numbered in the order of their commits, joined and batched. */
#include "store_fixture.h"

#include "pki/openssl.h"
#include "store/audit.h"

static int64_t seq_of(struct fixture *f) {
    int64_t seq = 0;
    assert_ok(store_change_seq(f->store, &seq, &f->e), &f->e);
    return seq;
}

static bool has_site(struct fixture *f, const char *name) {
    PL_AUTO(site_row_freep) struct site_row *row = NULL;
    assert_ok(store_site_find_name(f->store, name, &row, &f->e), &f->e);
    return row != NULL;
}

static void put_site(struct fixture *f, unsigned number) {
    struct site_row row = make_site(number);
    assert_ok(store_site_insert(f->store, &row, &f->e), &f->e);
}

static void newest(struct fixture *f, struct operation_rows *out) {
    const struct page page = {.limit = 1, .is_descending = true};
    assert_ok(store_operation_list(f->store, &page, out, &f->e), &f->e);
}

static void test_rolled_back_operation_leaves_nothing(void **state) {
    struct fixture *f = *state;
    int64_t before = seq_of(f);
    {
        PL_AUTO(operation_rollback) struct operation op = {0};
        begin(f, &op, "left early");
        put_site(f, 1);
    }
    assert_false(has_site(f, "Site1"));
    assert_int_equal(seq_of(f), before);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM changes WHERE table_name = 'sites'"),
                     0);
}

static void test_operation_without_changes_leaves_no_record(void **state) {
    struct fixture *f = *state;
    struct operation op;
    int64_t before = seq_of(f);
    begin(f, &op, "nothing");
    commit(f, &op);
    assert_int_equal(seq_of(f), before);
}

static void test_record_tells_title_actor_and_changes(void **state) {
    struct fixture *f = *state;
    struct operation op;
    PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
    PL_AUTO(change_rows_clear) struct change_rows changes = {0};
    struct site_row site = make_site(1);
    begin(f, &op, "site add Site1");
    assert_ok(store_site_insert(f->store, &site, &f->e), &f->e);
    site.root_path = "/srv/other";
    assert_ok(store_site_update(f->store, &site, &f->e), &f->e);
    assert_ok(store_site_delete(f->store, &site, &f->e), &f->e);
    commit(f, &op);
    newest(f, &rows);
    assert_string_equal(rows.items[0]->title, "site add Site1");
    assert_string_equal(rows.items[0]->actor, "test");
    assert_int_equal(rows.items[0]->seq, 2);
    assert_true(rows.items[0]->is_undoable);
    assert_ok(store_change_list(f->store, &op.id, NULL, &changes, &f->e), &f->e);
    assert_int_equal(changes.count, 3);
    static const enum change_kind kinds[] = {CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(changes.items[i]->kind, kinds[i]);
        assert_int_equal(changes.items[i]->ordinal, i + 1);
        assert_int_equal(changes.items[i]->before_version, i);
        assert_int_equal(changes.items[i]->after_version, i + 1);
        assert_string_equal(changes.items[i]->table_name, "sites");
        assert_true(id_equal(&changes.items[i]->row_id, &site.id));
    }
    assert_string_equal(changes.items[1]->before_image, "{\"root_path\":\"/srv/www\"}");
    assert_string_equal(changes.items[1]->after_image, "{\"root_path\":\"/srv/other\"}");
    assert_string_equal(changes.items[2]->before_image, "{\"deleted_ms\":null}");
}

static void test_operation_for_good_keeps_no_images(void **state) {
    struct fixture *f = *state;
    struct operation op;
    PL_AUTO(change_rows_clear) struct change_rows changes = {0};
    PL_AUTO(operation_row_freep) struct operation_row *row = NULL;
    const struct operation_wish wish = {.title = "issue", .actor = "test"};
    assert_ok(operation_begin(&op, f->store, &wish, &f->e), &f->e);
    put_site(f, 1);
    commit(f, &op);
    assert_ok(store_change_list(f->store, &op.id, NULL, &changes, &f->e), &f->e);
    assert_string_equal(changes.items[0]->after_image, "");
    assert_ok(store_operation_newest_undoable(f->store, &row, &f->e), &f->e);
    assert_null(row);
}

static void test_inner_operation_is_taken_back_alone(void **state) {
    struct fixture *f = *state;
    struct operation outer;
    struct operation inner;
    struct operation innermost;
    PL_AUTO(change_rows_clear) struct change_rows changes = {0};
    begin(f, &outer, "outer");
    put_site(f, 1);
    begin(f, &inner, "inner");
    put_site(f, 2);
    begin(f, &innermost, "innermost");
    put_site(f, 3);
    commit(f, &innermost);
    operation_rollback(&inner);
    begin(f, &inner, "inner again");
    put_site(f, 4);
    commit(f, &inner);
    assert_true(id_equal(&inner.id, &outer.id));
    commit(f, &outer);
    assert_true(has_site(f, "Site1") && has_site(f, "Site4"));
    assert_false(has_site(f, "Site2") || has_site(f, "Site3"));
    assert_ok(store_change_list(f->store, &outer.id, NULL, &changes, &f->e), &f->e);
    assert_int_equal(changes.count, 2);
    assert_int_equal(changes.items[1]->ordinal, 2);
    assert_int_equal(seq_of(f), 2);
}

static void test_inner_operation_that_was_first_to_change_may_be_taken_back(void **state) {
    struct fixture *f = *state;
    struct operation outer;
    struct operation inner;
    begin(f, &outer, "outer");
    begin(f, &inner, "inner");
    put_site(f, 1);
    operation_rollback(&inner);
    put_site(f, 2);
    commit(f, &outer);
    assert_false(has_site(f, "Site1"));
    assert_true(has_site(f, "Site2"));
    assert_ok(store_undo(f->store, &outer.id, "test", &f->e), &f->e);
    assert_false(has_site(f, "Site2"));
}

static void test_part_for_good_that_was_taken_back_does_not_bind_the_whole(void **state) {
    struct fixture *f = *state;
    struct operation outer;
    struct operation inner;
    const struct operation_wish for_good = {.title = "issue", .actor = "test"};
    begin(f, &outer, "outer");
    put_site(f, 1);
    assert_ok(operation_begin(&inner, f->store, &for_good, &f->e), &f->e);
    put_site(f, 2);
    operation_rollback(&inner);
    commit(f, &outer);
    assert_ok(store_undo(f->store, &outer.id, "test", &f->e), &f->e);
}

static void test_batch_commits_the_good_and_drops_the_failed(void **state) {
    struct fixture *f = *state;
    struct batch batch;
    struct operation op;
    PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
    assert_ok(batch_begin(&batch, f->store, &f->e), &f->e);
    for (unsigned i = 1; i <= 10; i++) {
        begin(f, &op, "step");
        put_site(f, i);
        if (i % 3 == 0) {
            operation_rollback(&op);
        } else {
            commit(f, &op);
        }
    }
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM sites"), 0);
    assert_ok(batch_commit(&batch, &f->e), &f->e);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM sites"), 7);
    assert_int_equal(seq_of(f), 8);
    assert_ok(store_operation_list(f->store, NULL, &rows, &f->e), &f->e);
    assert_int_equal(rows.count, 8);
    for (size_t i = 0; i < rows.count; i++) {
        assert_int_equal(rows.items[i]->seq, i + 1);
    }
}

static void test_batch_that_is_left_takes_all_back(void **state) {
    struct fixture *f = *state;
    {
        PL_AUTO(batch_rollback) struct batch batch = {0};
        struct operation op;
        assert_ok(batch_begin(&batch, f->store, &f->e), &f->e);
        begin(f, &op, "step");
        put_site(f, 1);
        commit(f, &op);
    }
    assert_false(has_site(f, "Site1"));
    struct operation op;
    begin(f, &op, "afterwards");
    put_site(f, 2);
    commit(f, &op);
}

static void test_batch_has_a_limit(void **state) {
    struct fixture *f = *state;
    PL_AUTO(batch_rollback) struct batch batch = {0};
    const struct operation_wish wish = {.title = "step", .actor = "test"};
    struct operation op = {0};
    assert_ok(batch_begin(&batch, f->store, &f->e), &f->e);
    for (unsigned i = 0; i < STORE_BATCH_MAX; i++) {
        assert_ok(operation_begin(&op, f->store, &wish, &f->e), &f->e);
        commit(f, &op);
    }
    assert_fails(operation_begin(&op, f->store, &wish, &f->e), &f->e, ERR_BASE_LIMIT);
}

static void test_followers_see_every_change_once(void **state) {
    struct fixture *f = *state;
    struct changed changed[3];
    size_t count = 0;
    unsigned seen = 0;
    int64_t seq = seq_of(f);
    int64_t ordinal = INT64_MAX;
    for (unsigned i = 0; i < 4; i++) {
        struct operation op;
        begin(f, &op, "several");
        for (unsigned j = 0; j <= i; j++) {
            put_site(f, i * 10 + j);
        }
        commit(f, &op);
    }
    do {
        assert_ok(store_changed_since(f->store, seq, ordinal, changed, 3, &count, &f->e), &f->e);
        for (size_t i = 0; i < count; i++) {
            bool is_later =
                changed[i].seq > seq || (changed[i].seq == seq && changed[i].ordinal > ordinal);
            assert_true(is_later);
            seq = changed[i].seq;
            ordinal = changed[i].ordinal;
            assert_string_equal(changed[i].table_name, "sites");
            seen++;
        }
    } while (count > 0);
    assert_int_equal(seen, 10);
    assert_int_equal(seq, seq_of(f));
}

static void test_text_that_is_not_utf8_is_no_title(void **state) {
    struct fixture *f = *state;
    struct operation op = {0};
    const struct operation_wish wish = {.title = "\xff", .actor = "test"};
    assert_fails(operation_begin(&op, f->store, &wish, &f->e), &f->e, ERR_STORE_TEXT);
    begin(f, &op, "the lock is free again");
    commit(f, &op);
}

static void test_long_title_is_cut_at_a_character(void **state) {
    struct fixture *f = *state;
    struct operation op;
    static char title[OPERATION_TITLE_MAX * 2 + 1];
    PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
    for (unsigned i = 0; i < OPERATION_TITLE_MAX; i++) {
        memcpy(title + 2 * i, "\xc3\xa4", 2);
    }
    begin(f, &op, title);
    put_site(f, 1);
    commit(f, &op);
    newest(f, &rows);
    assert_int_equal(strlen(rows.items[0]->title), OPERATION_TITLE_MAX - 2);
}

/* --- audit
 * ---------------------------------------------------------------------------------------- */

static void audit(struct fixture *f, const char *action, const char *details) {
    struct operation op;
    const struct id object = {{5}};
    const struct audit_entry entry = {.actor = "cli:root",
                                      .action = action,
                                      .object_kind = "cert",
                                      .object_id = &object,
                                      .details = details};
    begin(f, &op, action);
    assert_ok(store_audit_append(f->store, &entry, &f->e), &f->e);
    commit(f, &op);
}

static struct audit_verdict verify(struct fixture *f) {
    struct audit_verdict verdict;
    assert_ok(store_audit_verify(f->store, &verdict, &f->e), &f->e);
    return verdict;
}

static void test_audit_trail_verifies_and_lists(void **state) {
    struct fixture *f = *state;
    PL_AUTO(audit_rows_clear) struct audit_rows rows = {0};
    const struct id object = {{5}};
    assert_false(verify(f).is_broken);
    audit(f, "cert.install", "shop.pem");
    audit(f, "cert.export", NULL);
    audit(f, "cert.delete", "");
    struct audit_verdict verdict = verify(f);
    assert_false(verdict.is_broken);
    assert_int_equal(verdict.record_count, 3);
    const struct audit_filter filter = {.object_id = &object};
    assert_ok(store_audit_list(f->store, &filter, NULL, &rows, &f->e), &f->e);
    assert_int_equal(rows.count, 3);
    assert_string_equal(rows.items[0]->action, "cert.install");
    assert_string_equal(rows.items[0]->details, "shop.pem");
    assert_int_equal(rows.items[2]->number, 3);
    assert_memory_equal(rows.items[2]->previous_hash, rows.items[1]->hash, 32);
}

/* The hash is what the header says, computed here by hand once. */
static void test_audit_hash_is_as_documented(void **state) {
    struct fixture *f = *state;
    PL_AUTO(audit_rows_clear) struct audit_rows rows = {0};
    audit(f, "a", "d");
    assert_ok(store_audit_list(f->store, NULL, NULL, &rows, &f->e), &f->e);
    const struct audit_row *row = rows.items[0];
    uint8_t encoded[256];
    uint8_t *at = encoded;
    static const char *const texts[] = {"cli:root", "a", "cert"};
    at = mempcpy(at, "padlock-audit-1", 15);
    memset(at, 0, 32);
    at = mempcpy(at + 32, row->node_id.bytes, 16);
    memcpy(at, "\0\0\0\0\0\0\0\1", 8);
    at += 8;
    for (int shift = 56; shift >= 0; shift -= 8) {
        *at++ = (uint8_t)((uint64_t)row->time_ms >> shift);
    }
    for (unsigned i = 0; i < 3; i++) {
        uint8_t len[4] = {0, 0, 0, (uint8_t)strlen(texts[i])};
        at = mempcpy(at, len, 4);
        at = mempcpy(at, texts[i], strlen(texts[i]));
    }
    at = mempcpy(at, row->object_id.bytes, 16);
    at = mempcpy(at, "\0\0\0\1d", 5);
    uint8_t hash[32];
    assert_ok(sha256(encoded, (size_t)(at - encoded), hash, &f->e), &f->e);
    assert_memory_equal(row->hash, hash, 32);
}

static void test_tampering_with_any_column_is_found(void **state) {
    struct fixture *f = *state;
    static const char *const tamperings[] = {
        "UPDATE audit SET actor = 'x' WHERE number = 3",
        "UPDATE audit SET action = 'x' WHERE number = 3",
        "UPDATE audit SET object_kind = 'x' WHERE number = 3",
        "UPDATE audit SET object_id = NULL WHERE number = 3",
        "UPDATE audit SET details = 'x' WHERE number = 3",
        "UPDATE audit SET time_ms = time_ms + 1 WHERE number = 3",
        "UPDATE audit SET hash = zeroblob(32) WHERE number = 3",
        "UPDATE audit SET previous_hash = zeroblob(32) WHERE number = 3",
        "DELETE FROM audit WHERE number = 2",
        "UPDATE audit SET number = 33 WHERE number = 3",
    };
    for (unsigned i = 0; i < 5; i++) {
        audit(f, "cert.install", "same");
    }
    fixture_sql(f, "CREATE TABLE kept AS SELECT * FROM audit");
    for (size_t i = 0; i < PL_ARRAY_LEN(tamperings); i++) {
        fixture_sql(f, tamperings[i]);
        struct audit_verdict verdict = verify(f);
        assert_true(verdict.is_broken);
        assert_true(verdict.broken_number >= 3);
        assert_true(strlen(verdict.reason) > 0);
        fixture_sql(f, "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept");
        assert_false(verify(f).is_broken);
    }
}

static void test_audit_record_goes_with_its_operation(void **state) {
    struct fixture *f = *state;
    struct operation op;
    const struct audit_entry entry = {.actor = "x", .action = "y", .object_kind = "z"};
    begin(f, &op, "failed");
    assert_ok(store_audit_append(f->store, &entry, &f->e), &f->e);
    operation_rollback(&op);
    assert_int_equal(verify(f).record_count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_rolled_back_operation_leaves_nothing),
        STORE_TEST(test_operation_without_changes_leaves_no_record),
        STORE_TEST(test_record_tells_title_actor_and_changes),
        STORE_TEST(test_operation_for_good_keeps_no_images),
        STORE_TEST(test_inner_operation_is_taken_back_alone),
        STORE_TEST(test_inner_operation_that_was_first_to_change_may_be_taken_back),
        STORE_TEST(test_part_for_good_that_was_taken_back_does_not_bind_the_whole),
        STORE_TEST(test_batch_commits_the_good_and_drops_the_failed),
        STORE_TEST(test_batch_that_is_left_takes_all_back),
        STORE_TEST(test_batch_has_a_limit),
        STORE_TEST(test_followers_see_every_change_once),
        STORE_TEST(test_text_that_is_not_utf8_is_no_title),
        STORE_TEST(test_long_title_is_cut_at_a_character),
        STORE_TEST(test_audit_trail_verifies_and_lists),
        STORE_TEST(test_audit_hash_is_as_documented),
        STORE_TEST(test_tampering_with_any_column_is_found),
        STORE_TEST(test_audit_record_goes_with_its_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
