/* A store in a folder of its own. */
#include "store_fixture.h"

#include "sys/file.h"

#include <ftw.h>
#include <sqlite3.h>
#include <unistd.h>

enum { SLOTS = 16 };

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where) {
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

int fixture_set_up(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    const struct store_new wish = {
        .file_mode = 0600, .file_group = (gid_t)-1, .node_name = "one.example"};
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/padlock-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_ok(store_create(f->folder, &wish, &f->store, &f->e), &f->e);
    *state = f;
    return 0;
}

int fixture_tear_down(void **state) {
    struct fixture *f = *state;
    store_close(f->store);
    (void)nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

void fixture_reopen(struct fixture *f, enum store_mode mode) {
    store_close(f->store);
    f->store = NULL;
    assert_ok(store_open(f->folder, mode, &f->store, &f->e), &f->e);
}

void fixture_path(const struct fixture *f, const char *name, char out[128]) {
    (void)snprintf(out, 128, "%s/%s", f->folder, name);
}

static sqlite3 *open_file(const struct fixture *f) {
    char path[128];
    sqlite3 *db = NULL;
    fixture_path(f, STORE_FILE_NAME, path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

void fixture_sql(const struct fixture *f, const char *sql) {
    sqlite3 *db = open_file(f);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t fixture_number(const struct fixture *f, const char *sql) {
    sqlite3 *db = open_file(f);
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

void begin(struct fixture *f, struct operation *op, const char *title) {
    const struct operation_wish wish = {.title = title, .actor = "test", .is_undoable = true};
    assert_ok(operation_begin(op, f->store, &wish, &f->e), &f->e);
}

void commit(struct fixture *f, struct operation *op) {
    assert_ok(operation_commit(op, &f->e), &f->e);
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static void fill(uint8_t *out, size_t len, uint8_t kind, unsigned number) {
    memset(out, kind, len);
    memcpy(out, &number, sizeof(number));
}

struct key_row make_key(unsigned number) {
    static const uint8_t blob[] = {1, 2, 3, 4};
    struct key_row row = {.purpose = 1,
                          .provider = "software",
                          .is_exportable = true,
                          .spec = "ec:p256",
                          .blob_format = 1,
                          .blob = {blob, sizeof(blob)}};
    fill(row.spki_sha256, sizeof(row.spki_sha256), 'k', number);
    return row;
}

struct cert_row make_cert(unsigned number) {
    static char names[SLOTS][2][64];
    static char *items[SLOTS][2];
    static char friendly_names[SLOTS][32];
    static uint8_t der[SLOTS][64];
    unsigned slot = number % SLOTS;
    (void)snprintf(names[slot][0], sizeof(names[slot][0]), "www.site%u.example", number);
    (void)snprintf(names[slot][1], sizeof(names[slot][1]), "shop.site%u.example", number);
    (void)snprintf(friendly_names[slot], sizeof(friendly_names[slot]), "Site %05u", number);
    items[slot][0] = names[slot][0];
    items[slot][1] = names[slot][1];
    fill(der[slot], sizeof(der[slot]), 'd', number);
    struct cert_row row = {.friendly_name = friendly_names[slot],
                           .der = {der[slot], sizeof(der[slot])},
                           .subject = "CN=www.example",
                           .issuer = number % 2 == 0 ? "CN=Even CA" : "CN=Odd CA",
                           .serial = "0a",
                           .names = {items[slot], 2},
                           .not_before_ms = 1000,
                           .not_after_ms = 1000000 + (int64_t)(number * 7919 % 1000) * 1000,
                           .key_spec = "ec:p256"};
    fill(row.sha256, sizeof(row.sha256), 'c', number);
    fill(row.spki_sha256, sizeof(row.spki_sha256), 's', number);
    return row;
}

struct site_row make_site(unsigned number) {
    static char names[SLOTS][32];
    static char index_html[] = "index.html";
    static char index_htm[] = "index.htm";
    static char *index_names[] = {index_html, index_htm};
    unsigned slot = number % SLOTS;
    (void)snprintf(names[slot], sizeof(names[slot]), "Site%u", number);
    return (struct site_row){.kind = SITE_STATIC,
                             .name = names[slot],
                             .root_path = "/srv/www",
                             .index_names = {index_names, 2}};
}

struct binding_row make_binding(unsigned number, const struct site_row *site) {
    static char hosts[SLOTS][32];
    unsigned slot = number % SLOTS;
    (void)snprintf(hosts[slot], sizeof(hosts[slot]), "www.site%u.example", number);
    return (struct binding_row){.site_id = site->id,
                                .scheme = "https",
                                .address = "192.0.2.1",
                                .port = 443,
                                .host = hosts[slot],
                                .tls_policy = "intermediate"};
}

#define DEFINE_ADD(name)                                                                           \
    void add_##name(struct fixture *f, struct name##_row *row) {                                   \
        struct operation op;                                                                       \
        begin(f, &op, "add " #name);                                                               \
        assert_ok(store_##name##_insert(f->store, row, &f->e), &f->e);                             \
        commit(f, &op);                                                                            \
    }
DEFINE_ADD(key)
DEFINE_ADD(cert)
DEFINE_ADD(site)
DEFINE_ADD(binding)
