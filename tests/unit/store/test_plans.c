/*
 * Lists stay fast however many rows there are: every statement of the lists is asked for its plan.
 * A plan may walk an index in its order until the page is full; it may not sort, nor look through a
 * table in no order.
 */
#include "store_fixture.h"

#include "store/audit.h"
#include "store/chains.h"
#include "store/issued.h"
#include "store/issuers.h"
#include "store/nodes.h"
#include "store/requests.h"
#include "store/secrets.h"
#include "store/submissions.h"

#include <sqlite3.h>

enum { STATEMENTS_MAX = 512, SQL_MAX = 2048 };

static char statements[STATEMENTS_MAX][SQL_MAX];
static unsigned statement_count;

static int note_statement(unsigned kind, void *user, void *statement, void *sql) {
    (void)user;
    (void)sql;
    const char *text = sqlite3_sql(statement);
    if (kind != SQLITE_TRACE_STMT || strncmp(text, "SELECT", 6) != 0) {
        return 0;
    }
    for (unsigned i = 0; i < statement_count; i++) {
        if (strcmp(statements[i], text) == 0) {
            return 0;
        }
    }
    if (statement_count == STATEMENTS_MAX || strlen(text) >= SQL_MAX) {
        fail_msg("more statements than room for them");
    }
    (void)snprintf(statements[statement_count++], SQL_MAX, "%s", text);
    return 0;
}

/* Each connection that SQLite opens from now on tells what it runs. */
static int watch(sqlite3 *db, char **message, const struct sqlite3_api_routines *api) {
    (void)message;
    (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, note_statement, NULL);
}

static void check_plan_line(const char *sql, const char *line) {
    bool is_walk_without_order = strncmp(line, "SCAN ", 5) == 0 &&
                                 strstr(line, "USING INDEX") == NULL &&
                                 strstr(line, "USING COVERING INDEX") == NULL;
    if (is_walk_without_order || strstr(line, "TEMP B-TREE") != NULL) {
        fail_msg("plan: %s\nof: %s", line, sql);
    }
}

static void check_plan(sqlite3 *db, const char *sql) {
    char explain[SQL_MAX + 32];
    sqlite3_stmt *plan = NULL;
    (void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        check_plan_line(sql, (const char *)sqlite3_column_text(plan, 3));
    }
    (void)sqlite3_finalize(plan);
}

static void check_plans(struct fixture *f, unsigned expected_at_least) {
    char path[128];
    sqlite3 *db = NULL;
    fixture_path(f, STORE_FILE_NAME, path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_true(statement_count >= expected_at_least);
    for (unsigned i = 0; i < statement_count; i++) {
        check_plan(db, statements[i]);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int set_up(void **state) {
    (void)sqlite3_auto_extension((void (*)(void))watch);
    statement_count = 0;
    int result = fixture_set_up(state);
    statement_count = 0;
    return result;
}

static int tear_down(void **state) {
    sqlite3_reset_auto_extension();
    return fixture_tear_down(state);
}

static const char *const text_place = "00112233445566778899aabbccddeeffx";
static const char *const number_place = "00112233445566778899aabbccddeeff12";
static const char *const id_place = "00112233445566778899aabbccddeeff";

static void list_certs(struct fixture *f, const struct cert_filter *filter, enum cert_sort sort,
                       bool is_descending, bool is_first) {
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    const char *place = sort == CERT_SORT_NAME     ? text_place
                        : sort == CERT_SORT_EXPIRY ? number_place
                                                   : id_place;
    const struct page page = {.is_descending = is_descending, .after = is_first ? NULL : place};
    assert_ok(store_cert_list(f->store, filter, sort, &page, &rows, &f->e), &f->e);
}

/* Every combination of filters, sorts and directions, first page and next. */
static void test_every_list_of_certificates_is_read_along_an_index(void **state) {
    struct fixture *f = *state;
    static const uint8_t sha256[32];
    for (unsigned set = 0; set < 128; set++) {
        const struct cert_filter filter = {
            .name = set & 1 ? "a.example" : NULL,
            .domain = (set & 2) && !(set & 1) ? "example" : NULL,
            .friendly_name_prefix = set & 4 ? "Shop" : NULL,
            .issuer = set & 8 ? "CN=X" : NULL,
            .spki_sha256 = set & 16 ? sha256 : NULL,
            .expires_before_ms = set & 32 ? 1000 : 0,
            .expires_from_ms = set & 32 ? 10 : 0,
            .key = set & 64 ? CERT_WITH : CERT_ANY,
            .binding = set & 64 ? CERT_WITHOUT : CERT_ANY,
        };
        for (enum cert_sort sort = CERT_SORT_EXPIRY; sort <= CERT_SORT_AGE; sort++) {
            statement_count = 0;
            list_certs(f, &filter, sort, false, true);
            list_certs(f, &filter, sort, false, false);
            list_certs(f, &filter, sort, true, true);
            list_certs(f, &filter, sort, true, false);
            check_plans(f, 4);
        }
    }
}

static void test_every_list_of_issued_is_read_along_an_index(void **state) {
    struct fixture *f = *state;
    static const uint8_t sha256[32];
    const struct id id = {{1}};
    const enum issued_state is_signed = ISSUED_SIGNED;
    const unsigned shard = 1;
    for (unsigned set = 0; set < 128; set++) {
        const struct issued_filter filter = {
            .name = set & 1 ? "a.example" : NULL,
            .domain = (set & 2) && !(set & 1) ? "example" : NULL,
            .state = set & 4 ? &is_signed : NULL,
            .issuer_id = set & 8 ? &id : NULL,
            .spki_sha256 = set & 16 ? sha256 : NULL,
            .expires_before_ms = set & 32 ? 1000 : 0,
            .crl_shard = set & 64 ? &shard : NULL,
        };
        for (enum issued_sort sort = ISSUED_SORT_AGE; sort <= ISSUED_SORT_EXPIRY; sort++) {
            for (unsigned way = 0; way < 4; way++) {
                PL_AUTO(issued_rows_clear) struct issued_rows rows = {0};
                const char *place = sort == ISSUED_SORT_AGE ? id_place : number_place;
                const struct page page = {.is_descending = way & 1,
                                          .after = way & 2 ? place : NULL};
                assert_ok(store_issued_list(f->store, &filter, sort, &page, &rows, &f->e), &f->e);
            }
        }
        check_plans(f, 8);
        statement_count = 0;
    }
}

static void test_every_list_of_bindings_is_read_along_an_index(void **state) {
    struct fixture *f = *state;
    const struct id id = {{1}};
    for (unsigned set = 0; set < 64; set++) {
        const struct binding_filter filter = {.site_id = set & 1 ? &id : NULL,
                                              .cert_id = set & 2 ? &id : NULL,
                                              .host = set & 4 ? "a.example" : NULL,
                                              .address = set & 8 ? "192.0.2.1" : NULL,
                                              .port = set & 16 ? 443 : 0,
                                              .tls_policy = set & 32 ? "old" : NULL};
        for (unsigned way = 0; way < 8; way++) {
            PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
            enum binding_sort sort = way & 4 ? BINDING_SORT_HOST : BINDING_SORT_AGE;
            const char *place = sort == BINDING_SORT_HOST ? text_place : id_place;
            const struct page page = {.is_descending = way & 1, .after = way & 2 ? place : NULL};
            assert_ok(store_binding_list(f->store, &filter, sort, &page, &rows, &f->e), &f->e);
        }
        check_plans(f, 8);
        statement_count = 0;
    }
}

/* Runs the call for the first page, the next, and both backward, and clears what it found. */
#define LIST_EVERY_WAY(f, rows_type, clear, call, place)                                           \
    for (unsigned way = 0; way < 4; way++) {                                                       \
        PL_AUTO(clear) struct rows_type rows = {0};                                                \
        const struct page page = {.is_descending = way & 1, .after = way & 2 ? (place) : NULL};    \
        assert_ok(call, &(f)->e);                                                                  \
    }

static void test_every_other_list_is_read_along_an_index(void **state) {
    struct fixture *f = *state;
    const struct id id = {{1}};
    static const uint8_t sha256[32];
    const enum request_state pending = REQUEST_PENDING;
    const enum submission_state queued = SUBMISSION_PENDING;
    const struct request_filter requests = {.state = &pending};
    const struct submission_filter submissions = {.state = &queued};
    const struct submission_filter of_key = {.state = &queued, .spki_sha256 = sha256};
    const struct key_filter keys = {.purpose = 1};
    const struct audit_filter audit = {.object_id = &id};
    struct store *s = f->store;
    struct err *e = &f->e;
    LIST_EVERY_WAY(f, request_rows, request_rows_clear,
                   store_request_list(s, NULL, &page, &rows, e), id_place)
    LIST_EVERY_WAY(f, request_rows, request_rows_clear,
                   store_request_list(s, &requests, &page, &rows, e), id_place)
    LIST_EVERY_WAY(f, submission_rows, submission_rows_clear,
                   store_submission_list(s, NULL, &page, &rows, e), id_place)
    LIST_EVERY_WAY(f, submission_rows, submission_rows_clear,
                   store_submission_list(s, &submissions, &page, &rows, e), id_place)
    LIST_EVERY_WAY(f, submission_rows, submission_rows_clear,
                   store_submission_list(s, &of_key, &page, &rows, e), id_place)
    LIST_EVERY_WAY(f, key_rows, key_rows_clear, store_key_list(s, &keys, &page, &rows, e), id_place)
    LIST_EVERY_WAY(f, site_rows, site_rows_clear, store_site_list(s, &page, &rows, e), text_place)
    LIST_EVERY_WAY(f, issuer_rows, issuer_rows_clear, store_issuer_list(s, &page, &rows, e),
                   id_place)
    LIST_EVERY_WAY(f, crl_rows, crl_rows_clear, store_crl_list(s, &page, &rows, e), number_place)
    LIST_EVERY_WAY(f, intermediate_rows, intermediate_rows_clear,
                   store_intermediate_list(s, &page, &rows, e), id_place)
    LIST_EVERY_WAY(f, audit_rows, audit_rows_clear, store_audit_list(s, NULL, &page, &rows, e),
                   id_place)
    LIST_EVERY_WAY(f, audit_rows, audit_rows_clear, store_audit_list(s, &audit, &page, &rows, e),
                   id_place)
    LIST_EVERY_WAY(f, secret_rows, secret_rows_clear,
                   store_secret_list(s, "ticket-key", &page, &rows, e), id_place)
    LIST_EVERY_WAY(f, operation_rows, operation_rows_clear,
                   store_operation_list(s, &page, &rows, e), number_place)
    LIST_EVERY_WAY(f, change_rows, change_rows_clear, store_change_list(s, &id, &page, &rows, e),
                   number_place)
    check_plans(f, 60);
}

static void test_every_look_up_is_by_an_index(void **state) {
    struct fixture *f = *state;
    static const uint8_t sha256[32];
    const struct id id = {{1}};
    struct changed changed[4];
    size_t count = 0;
    PL_AUTO(cert_rows_clear) struct cert_rows certs = {0};
    PL_AUTO(issued_rows_clear) struct issued_rows issued = {0};
    PL_AUTO(request_rows_clear) struct request_rows requests = {0};
    PL_AUTO(site_rows_clear) struct site_rows sites = {0};
    PL_AUTO(issuer_rows_clear) struct issuer_rows issuers = {0};
    PL_AUTO(operation_rows_clear) struct operation_rows operations = {0};
    PL_AUTO(intermediate_rows_clear) struct intermediate_rows pool = {0};
    PL_AUTO(intermediate_rows_clear) struct intermediate_rows chain = {0};
    PL_AUTO(request_row_freep) struct request_row *request = NULL;
    PL_AUTO(binding_row_freep) struct binding_row *binding = NULL;
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    PL_AUTO(issuer_row_freep) struct issuer_row *issuer = NULL;
    struct store *s = f->store;
    struct err *e = &f->e;
    assert_ok(store_cert_find(s, "0011223344", &certs, e), e);
    cert_rows_clear(&certs);
    assert_ok(store_cert_find(s, "00112233", &certs, e), e);
    assert_ok(store_issued_find(s, "00112233", &issued, e), e);
    assert_ok(store_request_find(s, "00112233", &requests, e), e);
    assert_ok(store_site_find(s, "00112233", &sites, e), e);
    assert_ok(store_issuer_find(s, "00112233", &issuers, e), e);
    assert_ok(store_issuer_find_active(s, &issuer, e), e);
    assert_ok(store_operation_find(s, "00112233", &operations, e), e);
    assert_ok(store_operation_newest_undoable(s, &operation, e), e);
    assert_ok(store_request_find_pending(s, sha256, &request, e), e);
    assert_ok(store_binding_find_endpoint(s, "https", "::1", 443, "", &binding, e), e);
    assert_ok(store_intermediate_find_subject(s, "CN=X", &pool, e), e);
    assert_ok(store_chain_get(s, &id, &chain, e), e);
    assert_ok(store_changed_since(s, 5, 0, changed, 4, &count, e), e);
    check_plans(f, 12);
}

#define PLAN_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        PLAN_TEST(test_every_list_of_certificates_is_read_along_an_index),
        PLAN_TEST(test_every_list_of_issued_is_read_along_an_index),
        PLAN_TEST(test_every_list_of_bindings_is_read_along_an_index),
        PLAN_TEST(test_every_other_list_is_read_along_an_index),
        PLAN_TEST(test_every_look_up_is_by_an_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
