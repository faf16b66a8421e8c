/* ops/world: what is followed change by change is what would be built anew. */
#include "unit.h"

#include "base/clock.h"
#include "base/id.h"
#include "ops/certs.h"
#include "ops/init.h"
#include "ops/install.h"
#include "ops/issue.h"
#include "ops/export.h"
#include "ops/request.h"
#include "ops/sites.h"
#include "ops/submission.h"
#include "ops/world.h"
#include "store/bindings.h"
#include "store/operation.h"

#include <openssl/obj_mac.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CERTS = 3, NOTES_MAX = 32, STEPS = 120, HOSTS = 6, PORTS = 3 };

static char folder[] = "/tmp/padlock-world-XXXXXX";
static char home[64];
static char pages[64];
static struct ops *ops;
static struct cert_row *certs[CERTS];
static struct site_row *site;
static uint64_t randomness = 88172645463325252ULL;

static unsigned pick(unsigned count) {
    randomness ^= randomness << 13;
    randomness ^= randomness >> 7;
    randomness ^= randomness << 17;
    return (unsigned)(randomness % count);
}

static struct cert_row *make_cert_row(const char *name) {
    struct err e = {0};
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(request_row_freep) struct request_row *request = NULL;
    PL_AUTO(submission_row_freep) struct submission_row *submission = NULL;
    PL_AUTO(issued_row_freep) struct issued_row *issued = NULL;
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    PL_AUTO(ca_leaf_clear) struct ca_leaf asked = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    PL_AUTO(buf_clear) struct buf p7b = {.max = EXPORT_MAX};
    PL_AUTO(list_clear) struct list notes;
    struct cert_row *row = NULL;
    list_init(&notes, NOTES_MAX);
    const struct request_wish wish = {
        .names = &names, .key = {.family = KEY_EC, .bits = 256}, .is_exportable = true};
    const struct export_wish form = {.format = EXPORT_P7B};
    assert_ok(san_list_add(&names.sans, SAN_DNS, name, &e), &e);
    assert_ok(dn_add(&names.subject, NID_commonName, name, &e), &e);
    assert_ok(ops_request_new(ops, &wish, &notes, &request, &e), &e);
    assert_ok(csr_read(request->csr.data, request->csr.len, &csr, &e), &e);
    const struct submit_wish submit = {.csr = csr, .profile = "internal"};
    assert_ok(ops_submit(ops, &submit, &submission, &asked, NULL, &e), &e);
    assert_ok(ops_approve(ops, submission, &leaf, &issued, &e), &e);
    assert_ok(ops_export_issued(ops, issued, &form, &p7b, &e), &e);
    assert_ok(ops_install(ops, p7b.data, p7b.len, name, &notes, &row, &e), &e);
    return row;
}

/* A random change of a random binding, as one operation. */
static void change_something(void) {
    struct err e = {0};
    char host[32];
    PL_AUTO(operation_rollback) struct operation op = {0};
    PL_AUTO(binding_row_freep) struct binding_row *there = NULL;
    const struct operation_wish wish = {.title = "change", .actor = "test", .is_undoable = true};
    unsigned number = pick(HOSTS);
    unsigned port = 1000 + pick(PORTS);
    (void)snprintf(host, sizeof(host), "h%u.example.com", number);
    host[0] = number == 0 ? '\0' : host[0]; /* the default */
    assert_ok(operation_begin(&op, ops_store(ops), &wish, &e), &e);
    assert_ok(
        store_binding_find_endpoint(ops_store(ops), "https", "127.0.0.1", port, host, &there, &e),
        &e);
    struct binding_row row = {.site_id = site->id,
                              .scheme = "https",
                              .address = "127.0.0.1",
                              .port = port,
                              .host = host,
                              .tls_policy = "intermediate",
                              .ec_cert_id = certs[pick(CERTS)]->id};
    if (there == NULL) {
        assert_ok(store_binding_insert(ops_store(ops), &row, &e), &e);
    } else if (pick(2) == 0) {
        assert_ok(store_binding_delete(ops_store(ops), there, &e), &e);
    } else {
        there->ec_cert_id = row.ec_cert_id;
        assert_ok(store_binding_update(ops_store(ops), there, &e), &e);
    }
    assert_ok(operation_commit(&op, &e), &e);
}

static struct snapshot *open_world(struct ops_world *world) {
    struct err e = {0};
    PL_AUTO(snapshot_image_clear) struct snapshot_image image = {0};
    struct snapshot *snapshot = NULL;
    assert_ok(ops_world_publish(world, &image, &e), &e);
    const struct snapshot_source source = {.index_fd = image.index_fd,
                                           .segments = image.segments,
                                           .segment_count = image.segment_count};
    assert_ok(snapshot_open(&source, &snapshot, &e), &e);
    return snapshot;
}

static bool follow(struct ops_world *world) {
    struct err e = {0};
    bool is_changed = false;
    PL_AUTO(list_clear) struct list notes;
    list_init(&notes, NOTES_MAX);
    assert_ok(ops_world_follow(world, &notes, &is_changed, &e), &e);
    assert_int_equal(notes.count, 0);
    return is_changed;
}

/* The leaf that answers for the name at the port; NULL when nothing does. */
static const uint8_t *answer(const struct snapshot *snapshot, unsigned port, const char *host,
                             uint32_t *out_len) {
    for (uint32_t i = 0; i < snapshot_listener_count(snapshot); i++) {
        const struct snapshot_listener *listener = snapshot_listener_at(snapshot, i);
        uint32_t binding = SNAPSHOT_NONE;
        if (ntohs(listener->address.ip4.sin_port) != port ||
            snapshot_lookup(snapshot, i, host, strlen(host), &binding) == SNAPSHOT_NO_MATCH) {
            continue;
        }
        const struct snapshot_certificate certificate = snapshot_certificate_at(
            snapshot, snapshot_binding_at(snapshot, binding).certificates[0]);
        *out_len = certificate.leaf.len;
        return certificate.leaf.bytes;
    }
    return NULL;
}

/* The default of a listener without a nameless binding is its first, whichever that is. */
static bool has_default(unsigned port) {
    struct err e = {0};
    PL_AUTO(binding_row_freep) struct binding_row *row = NULL;
    assert_ok(store_binding_find_endpoint(ops_store(ops), "https", "127.0.0.1", port, "", &row, &e),
              &e);
    return row != NULL;
}

static void assert_same(const struct snapshot *a, const struct snapshot *b) {
    assert_int_equal(snapshot_binding_count(a), snapshot_binding_count(b));
    assert_int_equal(snapshot_listener_count(a), snapshot_listener_count(b));
    assert_int_equal(snapshot_seq(a), snapshot_seq(b));
    for (unsigned port = 1000; port < 1000 + PORTS; port++) {
        for (unsigned number = 0; number < HOSTS; number++) {
            char host[32];
            uint32_t a_len = 0;
            uint32_t b_len = 0;
            (void)snprintf(host, sizeof(host), "h%u.example.com", number);
            const uint8_t *in_a = answer(a, port, host, &a_len);
            const uint8_t *in_b = answer(b, port, host, &b_len);
            assert_int_equal(in_a == NULL, in_b == NULL);
            if (in_a != NULL && has_default(port)) {
                assert_int_equal(a_len, b_len);
                assert_memory_equal(in_a, in_b, a_len);
            }
        }
    }
}

static void test_followed_changes_are_what_would_be_built_anew(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ops_world_freep) struct ops_world *followed = NULL;
    assert_ok(ops_world_new(ops, &followed, &e), &e);
    (void)follow(followed);
    for (unsigned i = 0; i < STEPS; i++) {
        PL_AUTO(ops_world_freep) struct ops_world *anew = NULL;
        PL_AUTO(snapshot_freep) struct snapshot *a = NULL;
        PL_AUTO(snapshot_freep) struct snapshot *b = NULL;
        change_something();
        assert_true(follow(followed));
        assert_ok(ops_world_new(ops, &anew, &e), &e);
        (void)follow(anew);
        a = open_world(followed);
        b = open_world(anew);
        assert_same(a, b);
        assert_int_equal(ops_world_seq(followed), ops_world_seq(anew));
        assert_int_equal(ops_world_bindings(followed), ops_world_bindings(anew));
    }
}

/* What was saved of a world, as it is read back: segments and keys in memory of their own. */
struct saved_world {
    struct snapshot_image image;
    struct key_list keys;
    struct buf packed;
};

static void save_world(struct ops_world *world, struct saved_world *out) {
    struct err e = {0};
    *out = (struct saved_world){.packed = {.max = 1024 * 1024}};
    assert_ok(ops_world_publish(world, &out->image, &e), &e);
    assert_ok(ops_world_pack(world, &out->packed, &e), &e);
    const struct key_list *keys = ops_world_keys(world);
    for (size_t i = 0; i < keys->count; i++) {
        out->keys.segments[out->keys.count++] = segment_ref(keys->segments[i]);
    }
}

static void saved_world_clear(struct saved_world *saved) {
    snapshot_image_clear(&saved->image);
    key_list_clear(&saved->keys);
    buf_clear(&saved->packed);
}

/* Each second step a server starts anew from what another has saved. */
static void test_what_was_saved_is_followed_as_if_nothing_had_been(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ops_world_freep) struct ops_world *followed = NULL;
    assert_ok(ops_world_new(ops, &followed, &e), &e);
    (void)follow(followed);
    for (unsigned i = 0; i < STEPS / 2; i++) {
        PL_AUTO(ops_world_freep) struct ops_world *anew = NULL;
        PL_AUTO(ops_world_freep) struct ops_world *restored = NULL;
        PL_AUTO(snapshot_freep) struct snapshot *a = NULL;
        PL_AUTO(snapshot_freep) struct snapshot *b = NULL;
        PL_AUTO(saved_world_clear) struct saved_world saved = {0};
        save_world(followed, &saved);
        assert_ok(ops_world_new(ops, &restored, &e), &e);
        assert_ok(ops_world_restore(restored, &saved.image, &saved.keys, saved.packed.data,
                                    saved.packed.len, &e),
                  &e);
        change_something();
        assert_true(follow(restored));
        change_something();
        (void)follow(restored);
        assert_ok(ops_world_new(ops, &anew, &e), &e);
        (void)follow(anew);
        a = open_world(restored);
        b = open_world(anew);
        assert_same(a, b);
        ops_world_free(followed);
        followed = PL_TAKE(restored);
    }
}

static void test_what_is_not_of_this_past_or_damaged_is_not_used(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ops_world_freep) struct ops_world *world = NULL;
    PL_AUTO(ops_world_freep) struct ops_world *restored = NULL;
    PL_AUTO(saved_world_clear) struct saved_world saved = {0};
    assert_ok(ops_world_new(ops, &world, &e), &e);
    (void)follow(world);
    save_world(world, &saved);
    assert_ok(ops_world_new(ops, &restored, &e), &e);
    for (size_t len = 0; len < saved.packed.len; len++) {
        err_init(&e);
        assert_false(
            ops_world_restore(restored, &saved.image, &saved.keys, saved.packed.data, len, &e));
        assert_false(ops_world_is_built(restored));
    }
    saved.packed.data[8] ^= 1; /* the operation's id */
    err_init(&e);
    assert_fails(ops_world_restore(restored, &saved.image, &saved.keys, saved.packed.data,
                                   saved.packed.len, &e),
                 &e, ERR_OPS_WORLD_STALE);
    saved.packed.data[8] ^= 1;
    for (size_t at = 25; at < saved.packed.len; at++) { /* refused, or as harmless as it looks */
        saved.packed.data[at] ^= 0x5A;
        PL_AUTO(ops_world_freep) struct ops_world *other = NULL;
        struct key_list none = {0};
        assert_ok(ops_world_new(ops, &other, &e), &e);
        if (ops_world_restore(other, &saved.image, &none, saved.packed.data, saved.packed.len,
                              NULL)) {
            (void)ops_world_bindings(other);
        }
        saved.packed.data[at] ^= 0x5A;
    }
}

static void test_a_change_of_bindings_keeps_the_generation(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ops_world_freep) struct ops_world *world = NULL;
    assert_ok(ops_world_new(ops, &world, &e), &e);
    (void)follow(world);
    struct binding_row row = {.site_id = site->id,
                              .scheme = "https",
                              .address = "127.0.0.1",
                              .port = 2000,
                              .host = "",
                              .tls_policy = "intermediate",
                              .ec_cert_id = certs[0]->id};
    const struct operation_wish wish = {.title = "bind", .actor = "test", .is_undoable = true};
    PL_AUTO(operation_rollback) struct operation op = {0};
    uint64_t generation = ops_world_generation(world);
    assert_ok(operation_begin(&op, ops_store(ops), &wish, &e), &e);
    assert_ok(store_binding_insert(ops_store(ops), &row, &e), &e);
    assert_ok(operation_commit(&op, &e), &e);
    assert_true(follow(world));
    assert_true(ops_world_generation(world) == generation);
    /* The only one of its listener: without it the port is closed, which is built anew. */
    assert_ok(operation_begin(&op, ops_store(ops), &wish, &e), &e);
    assert_ok(store_binding_delete(ops_store(ops), &row, &e), &e);
    assert_ok(operation_commit(&op, &e), &e);
    assert_true(follow(world));
    assert_true(ops_world_generation(world) > generation);
}

static void test_what_is_not_served_changes_nothing(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ops_world_freep) struct ops_world *world = NULL;
    assert_ok(ops_world_new(ops, &world, &e), &e);
    assert_true(follow(world));
    assert_false(follow(world));
    int64_t seq = ops_world_seq(world);
    cert_row_free(make_cert_row("unbound.example.com"));
    assert_false(follow(world));
    assert_true(ops_world_seq(world) > seq);
}

static int set_up(void **state) {
    (void)state;
    struct err e = {0};
    const struct init_wish wish = {.ca_name = "Test"};
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(home, sizeof(home), "%s/home", folder);
    (void)snprintf(pages, sizeof(pages), "%s/pages", folder);
    if (mkdir(pages, 0755) != 0 || !ops_init(home, &wish, &e) || !ops_open(home, &ops, &e) ||
        !ops_site_add(ops, "site", pages, &site, &e)) {
        return -1;
    }
    for (unsigned i = 0; i < CERTS; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "c%u.example.com", i);
        certs[i] = make_cert_row(name);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    static const char *const names[] = {"sealing.key", "changed", "store.db", "store.db-wal",
                                        "store.db-shm"};
    char path[128];
    for (unsigned i = 0; i < CERTS; i++) {
        cert_row_free(certs[i]);
    }
    site_row_free(site);
    ops_close(ops);
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", home, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(home);
    (void)rmdir(pages);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_served_changes_nothing),
        cmocka_unit_test(test_followed_changes_are_what_would_be_built_anew),
        cmocka_unit_test(test_what_was_saved_is_followed_as_if_nothing_had_been),
        cmocka_unit_test(test_what_is_not_of_this_past_or_damaged_is_not_used),
        cmocka_unit_test(test_a_change_of_bindings_keeps_the_generation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
