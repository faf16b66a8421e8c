/* Keys, requests, secrets, nodes, chains, settings; and what retention forgets. */
#include "store_fixture.h"

#include "base/clock.h"
#include "store/chains.h"
#include "store/nodes.h"
#include "store/requests.h"
#include "store/secrets.h"
#include "store/submissions.h"

static struct request_row make_request(const struct key_row *key, unsigned number) {
    static char name[32];
    static char *names[] = {name};
    static const uint8_t csr[] = {0x30, 1, 2};
    (void)snprintf(name, sizeof(name), "www.site%u.example", number);
    struct request_row row = {.key_id = key->id,
                              .subject = "CN=www",
                              .names = {names, 1},
                              .key_spec = "ec:p256",
                              .csr = {csr, sizeof(csr)},
                              .friendly_name = "Shop"};
    memcpy(row.spki_sha256, key->spki_sha256, sizeof(row.spki_sha256));
    return row;
}

static void add_request(struct fixture *f, struct request_row *row) {
    struct operation op;
    begin(f, &op, "request");
    assert_ok(store_request_insert(f->store, row, &f->e), &f->e);
    commit(f, &op);
}

static void test_key_comes_back_as_it_went_in(void **state) {
    struct fixture *f = *state;
    struct key_row key = make_key(1);
    PL_AUTO(key_row_freep) struct key_row *row = NULL;
    PL_AUTO(key_row_freep) struct key_row *none = NULL;
    key.id = (struct id){{1, 2, 3}};
    key.may_sign_ca = true;
    key.path_length_max = 1;
    key.lifetime_max_ms = INT64_C(20) * 365 * CLOCK_DAY_MS;
    memset(key.sealing_key_id, 7, sizeof(key.sealing_key_id));
    add_key(f, &key);
    assert_int_equal(key.id.bytes[0], 1);
    assert_ok(store_key_find_spki(f->store, key.spki_sha256, &row, &f->e), &f->e);
    assert_true(id_equal(&row->id, &key.id));
    assert_int_equal(row->purpose, 1);
    assert_string_equal(row->provider, "software");
    assert_true(row->is_exportable && row->may_sign_ca && !row->may_sign_crl);
    assert_int_equal(row->path_length_max, 1);
    assert_int_equal(row->lifetime_max_ms, key.lifetime_max_ms);
    assert_memory_equal(row->sealing_key_id, key.sealing_key_id, 16);
    assert_int_equal(row->blob.len, 4);
    assert_memory_equal(row->blob.data, key.blob.data, 4);
    key.spki_sha256[5] ^= 1;
    assert_ok(store_key_find_spki(f->store, key.spki_sha256, &none, &f->e), &f->e);
    assert_null(none);
}

static void test_public_key_is_there_once(void **state) {
    struct fixture *f = *state;
    struct key_row key = make_key(1);
    struct key_row twin = make_key(1);
    struct operation op;
    add_key(f, &key);
    begin(f, &op, "twin");
    assert_fails(store_key_insert(f->store, &twin, &f->e), &f->e, ERR_STORE_CONSTRAINT);
    assert_string_equal(f->e.step[0], "this key is already in the store");
    operation_rollback(&op);
}

static void test_keys_are_listed_by_purpose(void **state) {
    struct fixture *f = *state;
    PL_AUTO(key_rows_clear) struct key_rows all = {0};
    PL_AUTO(key_rows_clear) struct key_rows of_ca = {0};
    for (unsigned i = 0; i < 6; i++) {
        struct key_row key = make_key(i);
        key.purpose = i % 3 == 0 ? 3 : 1;
        add_key(f, &key);
    }
    assert_ok(store_key_list(f->store, NULL, NULL, &all, &f->e), &f->e);
    assert_int_equal(all.count, 6);
    const struct key_filter filter = {.purpose = 3};
    assert_ok(store_key_list(f->store, &filter, NULL, &of_ca, &f->e), &f->e);
    assert_int_equal(of_ca.count, 2);
}

static void test_request_goes_its_way(void **state) {
    struct fixture *f = *state;
    struct key_row key = make_key(1);
    struct cert_row cert = make_cert(1);
    struct operation op;
    PL_AUTO(request_row_freep) struct request_row *pending = NULL;
    PL_AUTO(request_row_freep) struct request_row *gone = NULL;
    PL_AUTO(request_row_freep) struct request_row *row = NULL;
    PL_AUTO(request_rows_clear) struct request_rows found = {0};
    add_key(f, &key);
    add_cert(f, &cert);
    struct request_row request = make_request(&key, 1);
    add_request(f, &request);
    assert_ok(store_request_find_pending(f->store, key.spki_sha256, &pending, &f->e), &f->e);
    assert_string_equal(pending->names.items[0], "www.site1.example");
    assert_true(id_is_zero(&pending->cert_id));
    begin(f, &op, "key away");
    assert_fails(store_key_delete(f->store, &key, &f->e), &f->e, ERR_STORE_REFERENCE);
    operation_rollback(&op);
    begin(f, &op, "install");
    assert_ok(request_set_state(pending, REQUEST_INSTALLED, &f->e), &f->e);
    pending->cert_id = cert.id;
    assert_ok(store_request_update(f->store, pending, &f->e), &f->e);
    commit(f, &op);
    assert_ok(store_request_find_pending(f->store, key.spki_sha256, &gone, &f->e), &f->e);
    assert_null(gone);
    assert_ok(store_request_get(f->store, &request.id, &row, &f->e), &f->e);
    assert_string_equal(request_state_text(row->state), "installed");
    assert_true(id_equal(&row->cert_id, &cert.id));
    assert_ok(store_request_find(f->store, "Shop", &found, &f->e), &f->e);
    assert_int_equal(found.count, 1);
}

/* All pairs of states. */
static void test_request_states_follow_their_table(void **state) {
    struct fixture *f = *state;
    for (unsigned from = REQUEST_PENDING; from <= REQUEST_CANCELLED; from++) {
        for (unsigned to = REQUEST_PENDING; to <= REQUEST_CANCELLED; to++) {
            struct request_row row = {.state = (enum request_state)from};
            bool may = from == REQUEST_PENDING && to != REQUEST_PENDING;
            bool did = request_set_state(&row, (enum request_state)to, &f->e);
            assert_int_equal(did, may);
            assert_int_equal(row.state, may ? to : from);
            if (!may) {
                assert_string_equal(err_code_text(f->e.code), "store.state");
            }
        }
    }
}

static void test_requests_are_listed_by_state(void **state) {
    struct fixture *f = *state;
    const enum request_state pending = REQUEST_PENDING;
    PL_AUTO(request_rows_clear) struct request_rows rows = {0};
    for (unsigned i = 0; i < 4; i++) {
        struct key_row key = make_key(i);
        add_key(f, &key);
        struct request_row request = make_request(&key, i);
        if (i == 2) {
            assert_ok(request_set_state(&request, REQUEST_CANCELLED, &f->e), &f->e);
        }
        add_request(f, &request);
    }
    const struct request_filter filter = {.state = &pending};
    assert_ok(store_request_list(f->store, &filter, NULL, &rows, &f->e), &f->e);
    assert_int_equal(rows.count, 3);
}

static void test_secrets_are_kept_by_kind_and_name(void **state) {
    struct fixture *f = *state;
    struct operation op;
    static const uint8_t blob[] = {1, 2, 3};
    struct secret_row secret = {.kind = "ticket-key", .name = "1", .blob = {blob, 3}};
    struct secret_row twin = secret;
    struct secret_row other = secret;
    PL_AUTO(secret_row_freep) struct secret_row *found = NULL;
    PL_AUTO(secret_row_freep) struct secret_row *none = NULL;
    PL_AUTO(secret_rows_clear) struct secret_rows rows = {0};
    other.name = "2";
    begin(f, &op, "secrets");
    assert_ok(store_secret_insert(f->store, &secret, &f->e), &f->e);
    assert_fails(store_secret_insert(f->store, &twin, &f->e), &f->e, ERR_STORE_CONSTRAINT);
    assert_ok(store_secret_insert(f->store, &other, &f->e), &f->e);
    commit(f, &op);
    assert_ok(store_secret_find(f->store, "ticket-key", "1", &found, &f->e), &f->e);
    assert_memory_equal(found->blob.data, blob, 3);
    assert_ok(store_secret_find(f->store, "smtp", "1", &none, &f->e), &f->e);
    assert_null(none);
    assert_ok(store_secret_list(f->store, "ticket-key", NULL, &rows, &f->e), &f->e);
    assert_int_equal(rows.count, 2);
    begin(f, &op, "delete");
    assert_ok(store_secret_delete(f->store, found, &f->e), &f->e);
    commit(f, &op);
}

static void test_node_says_what_it_has_loaded(void **state) {
    struct fixture *f = *state;
    int64_t before = 0;
    int64_t after = 0;
    PL_AUTO(node_rows_clear) struct node_rows rows = {0};
    assert_ok(store_change_seq(f->store, &before, &f->e), &f->e);
    assert_ok(store_node_tell(f->store, &(struct node_progress){17, 16, 4711}, &f->e), &f->e);
    assert_ok(store_change_seq(f->store, &after, &f->e), &f->e);
    assert_int_equal(before, after);
    assert_ok(store_node_list(f->store, NULL, &rows, &f->e), &f->e);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.items[0]->applied_seq, 17);
    assert_int_equal(rows.items[0]->settled_seq, 16);
    assert_int_equal(rows.items[0]->seen_ms, 4711);
}

static struct intermediate_row make_intermediate(unsigned number) {
    struct intermediate_row row = {
        .subject = "CN=CA", .issuer = "CN=Root", .not_after_ms = (int64_t)number * 1000};
    row.sha256[0] = (uint8_t)number;
    return row;
}

static void test_intermediates_make_chains(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op;
    struct id ids[CHAIN_LENGTH_MAX + 1];
    PL_AUTO(intermediate_rows_clear) struct intermediate_rows pool = {0};
    PL_AUTO(intermediate_rows_clear) struct intermediate_rows chain = {0};
    PL_AUTO(intermediate_rows_clear) struct intermediate_rows none = {0};
    add_cert(f, &cert);
    begin(f, &op, "chain");
    for (unsigned i = 0; i < CHAIN_LENGTH_MAX; i++) {
        struct intermediate_row row = make_intermediate(i);
        struct intermediate_row again = make_intermediate(i);
        assert_ok(store_intermediate_put(f->store, &row, &f->e), &f->e);
        assert_ok(store_intermediate_put(f->store, &again, &f->e), &f->e);
        assert_true(id_equal(&row.id, &again.id));
        ids[i] = row.id;
    }
    ids[CHAIN_LENGTH_MAX] = ids[0];
    assert_ok(store_chain_set(f->store, &cert.id, ids, CHAIN_LENGTH_MAX, &f->e), &f->e);
    assert_fails(store_chain_set(f->store, &cert.id, ids, CHAIN_LENGTH_MAX + 1, &f->e), &f->e,
                 ERR_BASE_LIMIT);
    commit(f, &op);
    assert_ok(store_intermediate_find_subject(f->store, "CN=CA", &pool, &f->e), &f->e);
    assert_int_equal(pool.count, CHAIN_LENGTH_MAX);
    assert_true(pool.items[0]->not_after_ms > pool.items[1]->not_after_ms);
    assert_ok(store_chain_get(f->store, &cert.id, &chain, &f->e), &f->e);
    assert_int_equal(chain.count, CHAIN_LENGTH_MAX);
    for (unsigned i = 0; i < CHAIN_LENGTH_MAX; i++) {
        assert_true(id_equal(&chain.items[i]->id, &ids[i]));
    }
    begin(f, &op, "no chain");
    assert_ok(store_chain_set(f->store, &cert.id, NULL, 0, &f->e), &f->e);
    commit(f, &op);
    assert_ok(store_chain_get(f->store, &cert.id, &none, &f->e), &f->e);
    assert_int_equal(none.count, 0);
}

static void test_unknown_intermediate_is_told(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op = {0};
    const struct id unknown = {{9}};
    add_cert(f, &cert);
    begin(f, &op, "chain");
    bool ok =
        store_chain_set(f->store, &cert.id, &unknown, 1, &f->e) && operation_commit(&op, &f->e);
    assert_fails(ok, &f->e, ERR_STORE_REFERENCE);
    operation_rollback(&op);
}

/* --- retention
 * ------------------------------------------------------------------------------------ */

static int64_t clean(struct fixture *f, int64_t now_ms) {
    int64_t removed = 0;
    assert_ok(store_clean(f->store, now_ms, &removed, &f->e), &f->e);
    return removed;
}

/* A site, a certificate with key and chain, bound; then all of it deleted. Returns when. */
static int64_t delete_everything(struct fixture *f) {
    struct key_row key = make_key(1);
    struct site_row site = make_site(1);
    struct cert_row cert = make_cert(1);
    struct intermediate_row near = make_intermediate(1);
    struct operation op;
    add_key(f, &key);
    add_site(f, &site);
    cert.key_id = key.id;
    add_cert(f, &cert);
    struct binding_row binding = make_binding(1, &site);
    binding.ec_cert_id = cert.id;
    add_binding(f, &binding);
    begin(f, &op, "chain");
    assert_ok(store_intermediate_put(f->store, &near, &f->e), &f->e);
    assert_ok(store_chain_set(f->store, &cert.id, &near.id, 1, &f->e), &f->e);
    commit(f, &op);
    begin(f, &op, "delete everything");
    assert_ok(store_binding_delete(f->store, &binding, &f->e), &f->e);
    assert_ok(store_cert_delete(f->store, &cert, &f->e), &f->e);
    assert_ok(store_key_delete(f->store, &key, &f->e), &f->e);
    assert_ok(store_site_delete(f->store, &site, &f->e), &f->e);
    commit(f, &op);
    return key.deleted_ms;
}

static int64_t rows_left(struct fixture *f) {
    return fixture_number(f,
                          "SELECT (SELECT count(*) FROM certs) + (SELECT count(*) FROM sites) + "
                          "(SELECT count(*) FROM bindings) + (SELECT count(*) FROM chain_links) + "
                          "(SELECT count(*) FROM keys WHERE length(blob) > 0)");
}

static void test_what_can_be_undone_is_kept(void **state) {
    struct fixture *f = *state;
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    int64_t deleted_ms = delete_everything(f);
    (void)clean(f, deleted_ms + STORE_UNDO_MS - CLOCK_HOUR_MS);
    assert_int_equal(rows_left(f), 5);
    assert_ok(store_operation_newest_undoable(f->store, &operation, &f->e), &f->e);
    assert_ok(store_undo(f->store, &operation->id, "test", &f->e), &f->e);
}

static void test_what_was_deleted_long_ago_is_removed_for_good(void **state) {
    struct fixture *f = *state;
    struct site_row kept = make_site(2);
    PL_AUTO(operation_rows_clear) struct operation_rows rows = {0};
    const struct page last = {.limit = 1, .is_descending = true};
    int64_t deleted_ms = delete_everything(f);
    assert_ok(store_operation_list(f->store, &last, &rows, &f->e), &f->e);
    add_site(f, &kept);
    assert_true(clean(f, deleted_ms + STORE_UNDO_MS + CLOCK_HOUR_MS) >= 5);
    assert_int_equal(rows_left(f), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM keys"), 1);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM changes WHERE after_image IS NOT NULL"), 0);
    assert_fails(store_undo(f->store, &rows.items[0]->id, "test", &f->e), &f->e,
                 ERR_STORE_UNDO_NEVER);
    assert_int_equal(clean(f, deleted_ms + STORE_UNDO_MS + CLOCK_HOUR_MS), 0);
    assert_ok(store_check(f->store, &f->e), &f->e);
}

static void test_closed_requests_and_submissions_go_after_their_time(void **state) {
    struct fixture *f = *state;
    struct key_row key = make_key(1);
    struct operation op;
    struct submission_row denied = {.requester = "x", .profile = "internal"};
    struct submission_row pending = {.requester = "x", .profile = "internal"};
    add_key(f, &key);
    struct request_row request = make_request(&key, 1);
    assert_ok(request_set_state(&request, REQUEST_CANCELLED, &f->e), &f->e);
    add_request(f, &request);
    begin(f, &op, "submit");
    assert_ok(submission_set_state(&denied, SUBMISSION_DENIED, &f->e), &f->e);
    assert_ok(store_submission_insert(f->store, &denied, &f->e), &f->e);
    assert_ok(store_submission_insert(f->store, &pending, &f->e), &f->e);
    commit(f, &op);
    (void)clean(f, request.updated_ms + STORE_CLOSED_MS - CLOCK_HOUR_MS);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM requests"), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM submissions"), 2);
    (void)clean(f, request.updated_ms + STORE_CLOSED_MS + CLOCK_HOUR_MS);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM requests"), 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM submissions"), 1);
}

static void test_more_than_one_step_is_cleaned(void **state) {
    struct fixture *f = *state;
    struct operation op;
    int64_t deleted_ms = 0;
    begin(f, &op, "many");
    for (unsigned i = 0; i < 2 * STORE_CLEAN_STEP + 1; i++) {
        struct site_row site = make_site(i);
        assert_ok(store_site_insert(f->store, &site, &f->e), &f->e);
        assert_ok(store_site_delete(f->store, &site, &f->e), &f->e);
        deleted_ms = site.deleted_ms;
    }
    commit(f, &op);
    assert_true(clean(f, deleted_ms + STORE_UNDO_MS + CLOCK_HOUR_MS) > 2 * STORE_CLEAN_STEP);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM sites"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_key_comes_back_as_it_went_in),
        STORE_TEST(test_public_key_is_there_once),
        STORE_TEST(test_keys_are_listed_by_purpose),
        STORE_TEST(test_request_goes_its_way),
        STORE_TEST(test_request_states_follow_their_table),
        STORE_TEST(test_requests_are_listed_by_state),
        STORE_TEST(test_secrets_are_kept_by_kind_and_name),
        STORE_TEST(test_node_says_what_it_has_loaded),
        STORE_TEST(test_intermediates_make_chains),
        STORE_TEST(test_unknown_intermediate_is_told),
        STORE_TEST(test_what_can_be_undone_is_kept),
        STORE_TEST(test_what_was_deleted_long_ago_is_removed_for_good),
        STORE_TEST(test_closed_requests_and_submissions_go_after_their_time),
        STORE_TEST(test_more_than_one_step_is_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
