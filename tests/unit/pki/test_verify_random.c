/*
 * pki/verify against OpenSSL's own verification, with authorities made at random: few names and
 * fewer keys, so that they get into each other's way, and faults strewn in. The same certificates
 * are verified again and again, so that what was remembered of a signature is used.
 *
 * A path that we trust must be one that OpenSSL takes when nothing else is at hand.
 */
#include "unit.h"

#include "make_cert.h"

#include "base/clock.h"
#include "pki/openssl.h"
#include "pki/verify.h"

enum { NAMES = 4, KEYS = 3, AUTHORITIES = 14, LEAVES = 6, WORLDS = 6, TRIES = 60 };

PL_DEFINE_FREEP(x509_store_freep, X509_STORE, X509_STORE_free)
PL_DEFINE_FREEP(x509_store_ctx_freep, X509_STORE_CTX, X509_STORE_CTX_free)

/* --- chance, the same in each run --- */

static uint32_t chance = 1;

static uint32_t below(uint32_t limit) {
    chance = chance * 1664525U + 1013904223U;
    return (chance >> 8) % limit;
}

static bool one_in(uint32_t count) {
    return below(count) == 0;
}

/* --- a world of certificates --- */

static struct made keys[KEYS];
static struct made made[AUTHORITIES + LEAVES];

static int make_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = make_cert((struct make_cert){.name = "key", .is_ca = true});
    }
    return 0;
}

static int clear_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        made_clear(&keys[i]);
    }
    return 0;
}

static void add_faults(struct make_cert *wish) {
    wish->has_broken_signature = one_in(20);
    wish->has_no_key_ids = one_in(2);
    wish->not_after_ms = one_in(25) ? MAKE_CERT_NOW_MS - CLOCK_DAY_MS : 0;
    wish->not_before_ms = one_in(25) ? MAKE_CERT_NOW_MS + CLOCK_DAY_MS : 0;
    wish->unknown_critical = one_in(40) ? "1.2.3.4.5" : NULL;
}

static void make_one(size_t at, bool is_ca) {
    static const char *const names[NAMES] = {"A", "B", "C", "D"};
    struct make_cert wish = {.name = is_ca ? names[below(NAMES)] : "leaf.example",
                             .issuer =
                                 at == 0 || (is_ca && one_in(5))
                                     ? NULL
                                     : &made[below(at < AUTHORITIES ? (uint32_t)at : AUTHORITIES)],
                             .key_of = is_ca ? &keys[below(KEYS)] : NULL,
                             .sans = is_ca ? NULL : "DNS:leaf.example",
                             .is_ca = is_ca};
    add_faults(&wish);
    if (is_ca) {
        wish.path_length = one_in(10) ? 1 : 0;
        wish.key_usage = one_in(15) ? "critical,cRLSign" : one_in(4) ? "" : NULL;
        wish.basic_constraints = one_in(20) ? "critical,CA:FALSE" : NULL;
    }
    made[at] = make_cert(wish);
}

static void make_world(uint32_t seed) {
    chance = seed;
    for (size_t i = 0; i < PL_ARRAY_LEN(made); i++) {
        make_one(i, i < AUTHORITIES);
    }
}

static void clear_world(void) {
    for (size_t i = 0; i < PL_ARRAY_LEN(made); i++) {
        made_clear(&made[i]);
    }
}

/* --- OpenSSL, by itself --- */

static bool is_taken(X509_STORE *store, STACK_OF(X509) * others, X509 *leaf) {
    PL_AUTO(x509_store_ctx_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf, others), 1);
    assert_int_equal(X509_STORE_CTX_set_default(context, "ssl_server"), 1);
    X509_VERIFY_PARAM *how = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(how, (time_t)(MAKE_CERT_NOW_MS / CLOCK_SECOND_MS));
    X509_VERIFY_PARAM_set_auth_level(how, 0);
    assert_int_equal(
        X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST), 1);
    return X509_verify_cert(context) == 1;
}

/* Read anew from their bytes, so that nothing is shared with ours. */
static bool openssl_takes(X509 *leaf, const struct cert_list *trusted,
                          const struct cert_list *others) {
    PL_AUTO(x509_store_freep) X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *stack = sk_X509_new_null();
    PL_AUTO(x509_freep) X509 *copy = X509_dup(leaf);
    for (size_t i = 0; i < trusted->count; i++) {
        PL_AUTO(x509_freep) X509 *anchor = X509_dup(trusted->items[i]->x509);
        assert_int_equal(X509_STORE_add_cert(store, anchor), 1);
    }
    for (size_t i = 0; i < others->count; i++) {
        assert_true(sk_X509_push(stack, X509_dup(others->items[i]->x509)) > 0);
    }
    bool ok = is_taken(store, stack, copy);
    sk_X509_pop_free(stack, X509_free);
    return ok;
}

/* The path alone: its end trusted, what lies between presented. */
static bool openssl_takes_path(const struct cert_list *path) {
    struct cert_list end = {.items = path->items + path->count - 1, .count = 1};
    struct cert_list between = {.items = path->items + 1,
                                .count = path->count > 2 ? path->count - 2 : 0};
    return openssl_takes(path->items[0]->x509, &end, &between);
}

/* --- both --- */

static void choose(struct cert_list *out, uint32_t share) {
    struct err e = {0};
    size_t start = below(AUTHORITIES);
    for (size_t i = 0; i < AUTHORITIES; i++) {
        if (one_in(share)) {
            assert_ok(cert_list_add(out, made[(start + i) % AUTHORITIES].cert, &e), &e);
        }
    }
}

static bool verify_once(size_t *out_chain_len) {
    struct err e = {0};
    PL_AUTO(cert_list_clear) struct cert_list anchors = {0};
    PL_AUTO(cert_list_clear) struct cert_list presented = {0};
    PL_AUTO(verdict_clear) struct verdict verdict = {0};
    choose(&anchors, 4);
    choose(&presented, 2);
    const struct verify_input input = {.leaf = made[AUTHORITIES + below(LEAVES)].cert,
                                       .presented = &presented,
                                       .anchors = &anchors,
                                       .host = "leaf.example",
                                       .at_ms = MAKE_CERT_NOW_MS};
    assert_ok(verify_certificate(&input, &verdict, &e), &e);
    bool is_right = verdict.overall == VERIFY_PASS;
    const struct cert *end = verdict.chain.items[verdict.chain.count - 1];
    if (is_right && !(cert_list_has(&anchors, end) && openssl_takes_path(&verdict.chain))) {
        fail_msg("a path was trusted that OpenSSL refuses");
    }
    *out_chain_len = verdict.chain.count;
    return is_right;
}

static void test_verdicts_are_those_of_openssl(void **state) {
    (void)state;
    size_t right_count = 0;
    size_t long_count = 0;
    for (uint32_t world = 1; world <= WORLDS; world++) {
        make_world(world);
        for (size_t i = 0; i < TRIES; i++) {
            size_t len = 0;
            bool is_right = verify_once(&len);
            right_count += is_right ? 1 : 0;
            long_count += is_right && len > 2 ? 1 : 0;
        }
        clear_world();
    }
    assert_in_range(right_count, WORLDS * TRIES / 20, WORLDS * TRIES * 19 / 20);
    assert_in_range(long_count, WORLDS, WORLDS * TRIES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts_are_those_of_openssl),
    };
    return cmocka_run_group_tests(tests, make_keys, clear_keys);
}
