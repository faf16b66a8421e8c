/* The CA's rows: issuers, CRLs, submissions, what was issued. */
#include "store_fixture.h"

#include "store/issued.h"
#include "store/issuers.h"
#include "store/submissions.h"

static void add_issuer(struct fixture *f, struct issuer_row *row, const char *name,
                       enum issuer_kind kind) {
    static unsigned number = 100;
    struct key_row key = make_key(number++);
    struct operation op;
    add_key(f, &key);
    *row = (struct issuer_row){.kind = kind,
                               .name = name,
                               .key_id = key.id,
                               .subject = name,
                               .key_hash = name,
                               .crl_shard_count = 4,
                               .is_active = true};
    begin(f, &op, "issuer");
    assert_ok(store_issuer_insert(f->store, row, &f->e), &f->e);
    commit(f, &op);
}

/* A row about to be signed; pointers last until the next call. */
static struct issued_row make_issued(const struct issuer_row *issuer, unsigned number) {
    static uint8_t serial[4];
    static uint8_t tbs[16];
    static char name[64];
    static char *names[] = {name};
    serial[0] = (uint8_t)(1 + number % 100);
    memcpy(serial + 1, &number, 3);
    memset(tbs, (int)number, sizeof(tbs));
    (void)snprintf(name, sizeof(name), "host%u.example.com", number);
    return (struct issued_row){.issuer_id = issuer->id,
                               .serial = {serial, sizeof(serial)},
                               .tbs = {tbs, sizeof(tbs)},
                               .subject = "CN=x",
                               .names = {names, 1},
                               .profile = "server",
                               .key_spec = "ec:p256",
                               .not_before_ms = 1000,
                               .not_after_ms = 1000000 + number * 10,
                               .crl_shard = number % 4};
}

static void reserve(struct fixture *f, struct issued_row *row) {
    struct operation op;
    begin(f, &op, "reserve");
    assert_ok(store_issued_reserve(f->store, row, &f->e), &f->e);
    commit(f, &op);
}

static void revoke(struct fixture *f, struct issued_row *row, int reason) {
    struct operation op;
    begin(f, &op, "revoke");
    assert_ok(store_issued_revoke(f->store, row, 5000, reason, &f->e), &f->e);
    commit(f, &op);
}

static size_t count_issued(struct fixture *f, const struct issued_filter *filter) {
    PL_AUTO(issued_rows_clear) struct issued_rows by_age = {0};
    PL_AUTO(issued_rows_clear) struct issued_rows by_expiry = {0};
    assert_ok(store_issued_list(f->store, filter, ISSUED_SORT_AGE, NULL, &by_age, &f->e), &f->e);
    assert_ok(store_issued_list(f->store, filter, ISSUED_SORT_EXPIRY, NULL, &by_expiry, &f->e),
              &f->e);
    assert_int_equal(by_age.count, by_expiry.count);
    return by_age.count;
}

static void test_issuers_are_found_by_name_and_key(void **state) {
    struct fixture *f = *state;
    struct issuer_row root;
    struct issuer_row older;
    struct issuer_row issuing;
    PL_AUTO(issuer_rows_clear) struct issuer_rows found = {0};
    PL_AUTO(issuer_rows_clear) struct issuer_rows all = {0};
    PL_AUTO(issuer_row_freep) struct issuer_row *by_hash = NULL;
    PL_AUTO(issuer_row_freep) struct issuer_row *active = NULL;
    add_issuer(f, &root, "Root", ISSUER_ROOT);
    add_issuer(f, &older, "Issuing 1", ISSUER_ISSUING);
    add_issuer(f, &issuing, "Issuing 2", ISSUER_ISSUING);
    assert_ok(store_issuer_find(f->store, "iSSUING 1", &found, &f->e), &f->e);
    assert_int_equal(found.count, 1);
    assert_true(id_equal(&found.items[0]->id, &older.id));
    assert_ok(store_issuer_find_key_hash(f->store, "Root", &by_hash, &f->e), &f->e);
    assert_int_equal(by_hash->kind, ISSUER_ROOT);
    assert_ok(store_issuer_find_active(f->store, &active, &f->e), &f->e);
    assert_string_equal(active->name, "Issuing 2");
    assert_ok(store_issuer_list(f->store, NULL, &all, &f->e), &f->e);
    assert_int_equal(all.count, 3);
}

static void test_crl_numbers_only_grow(void **state) {
    struct fixture *f = *state;
    struct issuer_row issuer;
    const struct id unknown = {{9}};
    struct operation op;
    int64_t first = 0;
    int64_t second = 0;
    PL_AUTO(issuer_row_freep) struct issuer_row *row = NULL;
    add_issuer(f, &issuer, "CA", ISSUER_ISSUING);
    begin(f, &op, "crl");
    assert_ok(store_issuer_next_crl_number(f->store, &issuer.id, &first, &f->e), &f->e);
    issuer.base_url = "http://ca.example";
    assert_ok(store_issuer_update(f->store, &issuer, &f->e), &f->e);
    assert_ok(store_issuer_next_crl_number(f->store, &issuer.id, &second, &f->e), &f->e);
    assert_fails(store_issuer_next_crl_number(f->store, &unknown, &first, &f->e), &f->e,
                 ERR_STORE_MISSING_ROW);
    commit(f, &op);
    assert_int_equal(first, 1);
    assert_int_equal(second, 2);
    assert_ok(store_issuer_get(f->store, &issuer.id, &row, &f->e), &f->e);
    assert_int_equal(row->crl_number, 2);
}

static void test_newer_crl_takes_the_place_of_the_older(void **state) {
    struct fixture *f = *state;
    struct issuer_row issuer;
    struct operation op;
    static const uint8_t der[] = {0x30, 0};
    PL_AUTO(crl_row_freep) struct crl_row *row = NULL;
    PL_AUTO(crl_row_freep) struct crl_row *none = NULL;
    PL_AUTO(crl_rows_clear) struct crl_rows all = {0};
    add_issuer(f, &issuer, "CA", ISSUER_ISSUING);
    struct crl_row first = {.issuer_id = issuer.id, .shard = 2, .number = 5, .der = {der, 2}};
    struct crl_row second = first;
    struct crl_row older = first;
    struct crl_row other_shard = first;
    second.number = 6;
    older.number = 6;
    other_shard.shard = 3;
    other_shard.next_update_ms = -1;
    begin(f, &op, "crl");
    assert_ok(store_crl_put(f->store, &first, &f->e), &f->e);
    assert_ok(store_crl_put(f->store, &second, &f->e), &f->e);
    assert_fails(store_crl_put(f->store, &older, &f->e), &f->e, ERR_STORE_VERSION);
    assert_ok(store_crl_put(f->store, &other_shard, &f->e), &f->e);
    commit(f, &op);
    assert_ok(store_crl_find(f->store, &issuer.id, 2, &row, &f->e), &f->e);
    assert_int_equal(row->number, 6);
    assert_ok(store_crl_find(f->store, &issuer.id, 0, &none, &f->e), &f->e);
    assert_null(none);
    assert_ok(store_crl_list(f->store, NULL, &all, &f->e), &f->e);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0]->shard, 3);
}

static void test_serial_is_used_once_per_issuer(void **state) {
    struct fixture *f = *state;
    struct issuer_row one;
    struct issuer_row two;
    struct operation op = {0};
    add_issuer(f, &one, "One", ISSUER_ISSUING);
    add_issuer(f, &two, "Two", ISSUER_ISSUING);
    struct issued_row row = make_issued(&one, 7);
    struct issued_row twin = row;
    struct issued_row elsewhere = row;
    reserve(f, &row);
    begin(f, &op, "twin");
    assert_fails(store_issued_reserve(f->store, &twin, &f->e), &f->e, ERR_STORE_CONSTRAINT);
    assert_string_equal(f->e.step[0], "the issuer has used this serial number already");
    elsewhere.issuer_id = two.id;
    assert_ok(store_issued_reserve(f->store, &elsewhere, &f->e), &f->e);
    elsewhere.serial.len = 0;
    elsewhere.id = (struct id){{0}};
    assert_fails(store_issued_reserve(f->store, &elsewhere, &f->e), &f->e, ERR_STORE_CONSTRAINT);
    commit(f, &op);
}

static void test_reserved_certificate_is_listed_completed_and_revoked(void **state) {
    struct fixture *f = *state;
    struct issuer_row issuer;
    struct operation op;
    static const uint8_t der[] = {0x30, 3, 1, 2, 3};
    const enum issued_state reserved = ISSUED_RESERVED;
    const enum issued_state is_signed = ISSUED_SIGNED;
    struct issued_counts counts;
    PL_AUTO(issued_row_freep) struct issued_row *found = NULL;
    add_issuer(f, &issuer, "CA", ISSUER_ISSUING);
    struct issued_row row = make_issued(&issuer, 7);
    reserve(f, &row);
    fixture_reopen(f, STORE_WRITE);
    assert_int_equal(count_issued(f, &(struct issued_filter){.state = &reserved}), 1);
    begin(f, &op, "complete");
    assert_ok(store_issued_complete(f->store, &row, (struct bytes){der, sizeof(der)}, &f->e),
              &f->e);
    assert_fails(store_issued_complete(f->store, &row, (struct bytes){der, sizeof(der)}, &f->e),
                 &f->e, ERR_STORE_STATE);
    commit(f, &op);
    assert_int_equal(count_issued(f, &(struct issued_filter){.state = &is_signed}), 1);
    assert_ok(store_issued_find_serial(f->store, &issuer.id, row.serial.data, row.serial.len,
                                       &found, &f->e),
              &f->e);
    assert_memory_equal(found->certificate.data, der, sizeof(der));
    assert_int_equal(found->tbs.len, 16);
    revoke(f, &row, 6);
    revoke(f, &row, 1);
    begin(f, &op, "again");
    assert_fails(store_issued_revoke(f->store, &row, 1, 1, &f->e), &f->e, ERR_STORE_STATE);
    assert_fails(store_issued_revoke(f->store, found, 1, 1, &f->e), &f->e, ERR_STORE_VERSION);
    commit(f, &op);
    assert_ok(store_issued_count(f->store, &counts, &f->e), &f->e);
    assert_int_equal(counts.reserved, 0);
    assert_int_equal(counts.signed_count, 0);
    assert_int_equal(counts.revoked, 1);
}

static void test_revoked_before_it_was_signed_stays_revoked(void **state) {
    struct fixture *f = *state;
    struct issuer_row issuer;
    struct operation op;
    static const uint8_t der[] = {0x30, 0};
    add_issuer(f, &issuer, "CA", ISSUER_ISSUING);
    struct issued_row row = make_issued(&issuer, 7);
    reserve(f, &row);
    revoke(f, &row, 0);
    begin(f, &op, "complete");
    assert_ok(store_issued_complete(f->store, &row, (struct bytes){der, 2}, &f->e), &f->e);
    commit(f, &op);
    assert_int_equal(row.state, ISSUED_REVOKED);
    assert_int_equal(row.revoked_ms, 5000);
}

static size_t count_found(struct fixture *f, const char *text) {
    PL_AUTO(issued_rows_clear) struct issued_rows rows = {0};
    assert_ok(store_issued_find(f->store, text, &rows, &f->e), &f->e);
    return rows.count;
}

static void test_issued_is_found_by_id_serial_and_name(void **state) {
    struct fixture *f = *state;
    struct issuer_row issuer;
    char text[ID_TEXT_LEN + 1];
    add_issuer(f, &issuer, "CA", ISSUER_ISSUING);
    struct issued_row row = make_issued(&issuer, 7);
    reserve(f, &row);
    id_format(&row.id, text);
    assert_int_equal(count_found(f, text), 1);
    assert_int_equal(count_found(f, "08070000"), 1);
    assert_int_equal(count_found(f, "8070000"), 1);
    assert_int_equal(count_found(f, "host7.example.com"), 1);
    assert_int_equal(count_found(f, "example.com"), 0);
    assert_int_equal(count_found(f, "0"), 0);
    assert_int_equal(count_found(f, "00112233445566778899aabbccddeeff00112233445566"), 0);
}

static void test_issued_filters_choose(void **state) {
    struct fixture *f = *state;
    struct issuer_row one;
    struct issuer_row two;
    const unsigned shard = 1;
    const enum issued_state reserved = ISSUED_RESERVED;
    add_issuer(f, &one, "One", ISSUER_ISSUING);
    add_issuer(f, &two, "Two", ISSUER_ISSUING);
    for (unsigned i = 0; i < 20; i++) {
        struct issued_row row = make_issued(i < 12 ? &one : &two, i);
        reserve(f, &row);
    }
    assert_int_equal(count_issued(f, NULL), 20);
    assert_int_equal(count_issued(f, &(struct issued_filter){.issuer_id = &one.id}), 12);
    assert_int_equal(
        count_issued(f, &(struct issued_filter){.issuer_id = &one.id, .crl_shard = &shard}), 3);
    assert_int_equal(count_issued(f, &(struct issued_filter){.name = "host3.example.com"}), 1);
    assert_int_equal(count_issued(f, &(struct issued_filter){.domain = "example.com"}), 20);
    assert_int_equal(count_issued(f, &(struct issued_filter){.domain = "example.com",
                                                             .state = &reserved,
                                                             .issuer_id = &two.id}),
                     8);
    assert_int_equal(count_issued(f, &(struct issued_filter){.expires_before_ms = 1000050}), 5);
    assert_int_equal(count_issued(f, &(struct issued_filter){.expires_from_ms = 1000050,
                                                             .expires_before_ms = 1000100}),
                     5);
}

struct seen {
    unsigned count;
    uint8_t last[ISSUED_SERIAL_MAX];
    bool is_ordered;
    unsigned stop_after;
};

static bool see(void *user, const struct revoked *revoked, struct err *e) {
    struct seen *seen = user;
    seen->is_ordered =
        seen->count == 0 || (seen->is_ordered && memcmp(seen->last, revoked->serial, 4) < 0);
    memcpy(seen->last, revoked->serial, revoked->serial_len);
    assert_int_equal(revoked->revoked_ms, 5000);
    assert_int_equal(revoked->reason, 1);
    seen->count++;
    return seen->count != seen->stop_after || err_set(e, ERR_BASE_LIMIT, "enough");
}

static void test_each_revoked_of_a_shard_is_seen_once_in_order(void **state) {
    struct fixture *f = *state;
    struct issuer_row issuer;
    struct seen seen = {0};
    struct seen stopping = {.stop_after = 2};
    add_issuer(f, &issuer, "CA", ISSUER_ISSUING);
    for (unsigned i = 0; i < 24; i++) {
        struct issued_row row = make_issued(&issuer, 23 - i);
        reserve(f, &row);
        if (i % 2 == 0) {
            revoke(f, &row, 1);
        }
    }
    assert_ok(store_issued_each_revoked(f->store, &issuer.id, 3, 0, see, &seen, &f->e), &f->e);
    assert_int_equal(seen.count, 6);
    assert_true(seen.is_ordered);
    seen = (struct seen){0};
    assert_ok(store_issued_each_revoked(f->store, &issuer.id, 3, 1000100, see, &seen, &f->e),
              &f->e);
    assert_int_equal(seen.count, 4);
    assert_fails(store_issued_each_revoked(f->store, &issuer.id, 3, 0, see, &stopping, &f->e),
                 &f->e, ERR_BASE_LIMIT);
}

static void test_submissions_are_queued_and_decided(void **state) {
    struct fixture *f = *state;
    struct operation op;
    static char notice[] = "country made upper case";
    char *notices[] = {notice};
    const enum submission_state pending = SUBMISSION_PENDING;
    const enum submission_state denied = SUBMISSION_DENIED;
    struct submission_row rows[3];
    PL_AUTO(submission_rows_clear) struct submission_rows queue = {0};
    PL_AUTO(submission_rows_clear) struct submission_rows decided = {0};
    begin(f, &op, "submit");
    for (unsigned i = 0; i < 3; i++) {
        rows[i] = (struct submission_row){.requester = "cli:root",
                                          .profile = "internal",
                                          .notices = {notices, 1},
                                          .spki_sha256 = {(uint8_t)i}};
        assert_ok(store_submission_insert(f->store, &rows[i], &f->e), &f->e);
    }
    assert_ok(submission_set_state(&rows[1], SUBMISSION_DENIED, &f->e), &f->e);
    rows[1].reason = "unknown company";
    rows[1].decided_by = "cli:root";
    rows[1].decided_ms = 77;
    assert_ok(store_submission_update(f->store, &rows[1], &f->e), &f->e);
    commit(f, &op);
    const struct submission_filter is_pending = {.state = &pending};
    assert_ok(store_submission_list(f->store, &is_pending, NULL, &queue, &f->e), &f->e);
    assert_int_equal(queue.count, 2);
    assert_string_equal(queue.items[0]->notices.items[0], notice);
    assert_int_equal(queue.items[0]->decided_ms, 0);
    const struct submission_filter was_denied = {.state = &denied,
                                                 .spki_sha256 = rows[1].spki_sha256};
    assert_ok(store_submission_list(f->store, &was_denied, NULL, &decided, &f->e), &f->e);
    assert_int_equal(decided.count, 1);
    assert_string_equal(decided.items[0]->reason, "unknown company");
    assert_int_equal(decided.items[0]->decided_ms, 77);
}

/* All pairs of states: the table of the header's sentence. */
static void test_submission_states_follow_their_table(void **state) {
    struct fixture *f = *state;
    for (unsigned from = SUBMISSION_PENDING; from <= SUBMISSION_FAILED; from++) {
        for (unsigned to = SUBMISSION_PENDING; to <= SUBMISSION_FAILED; to++) {
            struct submission_row row = {.state = (enum submission_state)from};
            bool may = (from == SUBMISSION_PENDING && to != SUBMISSION_PENDING) ||
                       (from == SUBMISSION_APPROVED && to > SUBMISSION_APPROVED);
            assert_int_equal(submission_set_state(&row, (enum submission_state)to, &f->e), may);
            assert_int_equal(row.state, may ? to : from);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_issuers_are_found_by_name_and_key),
        STORE_TEST(test_crl_numbers_only_grow),
        STORE_TEST(test_newer_crl_takes_the_place_of_the_older),
        STORE_TEST(test_serial_is_used_once_per_issuer),
        STORE_TEST(test_reserved_certificate_is_listed_completed_and_revoked),
        STORE_TEST(test_revoked_before_it_was_signed_stays_revoked),
        STORE_TEST(test_issued_is_found_by_id_serial_and_name),
        STORE_TEST(test_issued_filters_choose),
        STORE_TEST(test_each_revoked_of_a_shard_is_seen_once_in_order),
        STORE_TEST(test_submissions_are_queued_and_decided),
        STORE_TEST(test_submission_states_follow_their_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
