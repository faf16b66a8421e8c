/* pki/chain: building, finding the leaf, sorting, writing. */
#include "unit.h"

#include "make_cert.h"

#include "base/clock.h"
#include "pki/chain.h"

static struct made root;
static struct made issuing;
static struct made leaf;
static struct made stranger;

static int make_all(void **state) {
    (void)state;
    root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    issuing = make_cert((struct make_cert){.name = "Issuing", .issuer = &root, .is_ca = true});
    leaf = make_cert((struct make_cert){
        .name = "www.example.com", .issuer = &issuing, .sans = "DNS:www.example.com"});
    stranger =
        make_cert((struct make_cert){.name = "stranger.example", .sans = "DNS:stranger.example"});
    return 0;
}

static int clear_all(void **state) {
    (void)state;
    made_clear(&root);
    made_clear(&issuing);
    made_clear(&leaf);
    made_clear(&stranger);
    return 0;
}

#define HEAP_OF(...) heap_of((struct cert *[]){__VA_ARGS__, NULL})
static struct cert_list heap_of(struct cert *const *certs) {
    struct cert_list heap = {0};
    struct err e = {0};
    for (; *certs != NULL; certs++) {
        assert_ok(cert_list_add(&heap, *certs, &e), &e);
    }
    return heap;
}

#define ASSERT_CHAIN(chain, ...) assert_chain(chain, (struct cert *[]){__VA_ARGS__, NULL})
static void assert_chain(const struct cert_list *chain, struct cert *const *expected) {
    size_t count = 0;
    for (; expected[count] != NULL; count++) {
        assert_true(count < chain->count);
        assert_string_equal(cert_display_name(chain->items[count]),
                            cert_display_name(expected[count]));
        assert_true(cert_equal(chain->items[count], expected[count]));
    }
    assert_int_equal(chain->count, count);
}

static struct cert_list build(struct cert *from, struct cert_list pool) {
    struct err e = {0};
    struct cert_list chain = {0};
    assert_ok(chain_build(from, &pool, MAKE_CERT_NOW_MS, &chain, &e), &e);
    cert_list_clear(&pool);
    return chain;
}

static void test_chain_is_built_from_any_order(void **state) {
    (void)state;
    PL_AUTO(cert_list_clear)
    struct cert_list chain =
        build(leaf.cert, HEAP_OF(root.cert, stranger.cert, leaf.cert, issuing.cert, root.cert));
    ASSERT_CHAIN(&chain, leaf.cert, issuing.cert, root.cert);
    assert_true(chain_is_complete(&chain));
}

static void test_chain_goes_as_far_as_the_pool(void **state) {
    (void)state;
    PL_AUTO(cert_list_clear) struct cert_list chain = build(leaf.cert, HEAP_OF(issuing.cert));
    ASSERT_CHAIN(&chain, leaf.cert, issuing.cert);
    assert_false(chain_is_complete(&chain));
    PL_AUTO(cert_list_clear) struct cert_list alone = build(leaf.cert, HEAP_OF(root.cert));
    ASSERT_CHAIN(&alone, leaf.cert);
    PL_AUTO(cert_list_clear) struct cert_list none = {0};
    assert_false(chain_is_complete(&none));
}

static void test_same_name_with_another_key_is_no_issuer(void **state) {
    (void)state;
    struct made impostor = make_cert((struct make_cert){.name = "Issuing", .is_ca = true});
    PL_AUTO(cert_list_clear)
    struct cert_list chain = build(leaf.cert, HEAP_OF(impostor.cert, issuing.cert, root.cert));
    ASSERT_CHAIN(&chain, leaf.cert, issuing.cert, root.cert);
    PL_AUTO(cert_list_clear) struct cert_list alone = build(leaf.cert, HEAP_OF(impostor.cert));
    ASSERT_CHAIN(&alone, leaf.cert);
    made_clear(&impostor);
}

/* The issuer stands there twice, by a root that is presented and by one that is trusted. */
static void test_a_trusted_end_beats_a_whole_chain(void **state) {
    (void)state;
    struct err e = {0};
    struct made trusted = make_cert((struct make_cert){.name = "Trusted", .is_ca = true});
    struct made crossed = make_cert((struct make_cert){
        .name = "Issuing", .issuer = &trusted, .key_of = &issuing, .is_ca = true});
    PL_AUTO(cert_list_clear) struct cert_list pool = HEAP_OF(issuing.cert, root.cert, crossed.cert);
    PL_AUTO(cert_list_clear) struct cert_list anchors = HEAP_OF(trusted.cert);
    PL_AUTO(cert_list_clear) struct cert_list chain = {0};
    assert_ok(chain_build_to(leaf.cert, &pool, &anchors, MAKE_CERT_NOW_MS, &chain, &e), &e);
    ASSERT_CHAIN(&chain, leaf.cert, crossed.cert);
    PL_AUTO(cert_list_clear) struct cert_list of_none = {0};
    assert_ok(chain_build_to(leaf.cert, &pool, NULL, MAKE_CERT_NOW_MS, &of_none, &e), &e);
    ASSERT_CHAIN(&of_none, leaf.cert, issuing.cert, root.cert);
    made_clear(&trusted);
    made_clear(&crossed);
}

static void test_valid_issuer_beats_expired_twin(void **state) {
    (void)state;
    struct made expired =
        make_cert((struct make_cert){.name = "Issuing",
                                     .issuer = &root,
                                     .key_of = &issuing,
                                     .is_ca = true,
                                     .not_after_ms = MAKE_CERT_NOW_MS - CLOCK_DAY_MS});
    PL_AUTO(cert_list_clear)
    struct cert_list chain = build(leaf.cert, HEAP_OF(expired.cert, issuing.cert, root.cert));
    ASSERT_CHAIN(&chain, leaf.cert, issuing.cert, root.cert);
    /* an expired issuer is still the issuer */
    PL_AUTO(cert_list_clear)
    struct cert_list old = build(leaf.cert, HEAP_OF(expired.cert, root.cert));
    ASSERT_CHAIN(&old, leaf.cert, expired.cert, root.cert);
    made_clear(&expired);
}

static void test_of_two_valid_twins_the_longer_lasting_wins(void **state) {
    (void)state;
    struct made renewed =
        make_cert((struct make_cert){.name = "Issuing",
                                     .issuer = &root,
                                     .key_of = &issuing,
                                     .is_ca = true,
                                     .not_after_ms = MAKE_CERT_NOT_AFTER_MS - CLOCK_DAY_MS});
    PL_AUTO(cert_list_clear)
    struct cert_list chain = build(leaf.cert, HEAP_OF(renewed.cert, issuing.cert, root.cert));
    ASSERT_CHAIN(&chain, leaf.cert, issuing.cert, root.cert);
    made_clear(&renewed);
}

static void test_cross_signature_is_taken_only_when_it_leads_further(void **state) {
    (void)state;
    struct made old_root = make_cert((struct make_cert){.name = "Old Root", .is_ca = true});
    struct made cross = make_cert(
        (struct make_cert){.name = "Root", .issuer = &old_root, .key_of = &root, .is_ca = true});
    PL_AUTO(cert_list_clear)
    struct cert_list shorter =
        build(leaf.cert, HEAP_OF(cross.cert, old_root.cert, issuing.cert, root.cert));
    ASSERT_CHAIN(&shorter, leaf.cert, issuing.cert, root.cert);
    PL_AUTO(cert_list_clear)
    struct cert_list longer = build(leaf.cert, HEAP_OF(cross.cert, old_root.cert, issuing.cert));
    ASSERT_CHAIN(&longer, leaf.cert, issuing.cert, cross.cert, old_root.cert);
    made_clear(&old_root);
    made_clear(&cross);
}

static void test_mutual_cross_signatures_end(void **state) {
    (void)state;
    struct made a = make_cert((struct make_cert){.name = "A", .is_ca = true});
    struct made b = make_cert((struct make_cert){.name = "B", .is_ca = true});
    struct made a_by_b =
        make_cert((struct make_cert){.name = "A", .issuer = &b, .key_of = &a, .is_ca = true});
    struct made b_by_a =
        make_cert((struct make_cert){.name = "B", .issuer = &a, .key_of = &b, .is_ca = true});
    PL_AUTO(cert_list_clear)
    struct cert_list chain = build(a_by_b.cert, HEAP_OF(b_by_a.cert, a_by_b.cert));
    ASSERT_CHAIN(&chain, a_by_b.cert, b_by_a.cert);
    made_clear(&a);
    made_clear(&b);
    made_clear(&a_by_b);
    made_clear(&b_by_a);
}

static void test_chain_holds_its_maximum(void **state) {
    (void)state;
    struct made line[CHAIN_MAX + 1];
    PL_AUTO(cert_list_clear) struct cert_list pool = {0};
    struct err e = {0};
    for (size_t i = 0; i < PL_ARRAY_LEN(line); i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "CA %zu", i);
        line[i] = make_cert(
            (struct make_cert){.name = name, .issuer = i > 0 ? &line[i - 1] : NULL, .is_ca = true});
        assert_ok(cert_list_add(&pool, line[i].cert, &e), &e);
    }
    PL_AUTO(cert_list_clear) struct cert_list cut = {0};
    assert_ok(chain_build(line[CHAIN_MAX].cert, &pool, MAKE_CERT_NOW_MS, &cut, &e), &e);
    assert_int_equal(cut.count, CHAIN_MAX);
    assert_false(chain_is_complete(&cut));
    PL_AUTO(cert_list_clear) struct cert_list whole = {0};
    assert_ok(chain_build(line[CHAIN_MAX - 1].cert, &pool, MAKE_CERT_NOW_MS, &whole, &e), &e);
    assert_int_equal(whole.count, CHAIN_MAX);
    assert_true(chain_is_complete(&whole));
    for (size_t i = 0; i < PL_ARRAY_LEN(line); i++) {
        made_clear(&line[i]);
    }
}

/* Layers of twins that all issued the next layer would be 3^10 paths. */
static void test_heap_made_to_confuse_ends_soon(void **state) {
    (void)state;
    enum { LAYERS = 11, TWINS = 3 };
    struct made twins[LAYERS][TWINS];
    PL_AUTO(cert_list_clear) struct cert_list pool = {0};
    struct err e = {0};
    for (size_t layer = 0; layer < LAYERS; layer++) {
        for (size_t twin = 0; twin < TWINS; twin++) {
            char name[16];
            (void)snprintf(name, sizeof(name), "CA %zu", layer);
            twins[layer][twin] =
                make_cert((struct make_cert){.name = name,
                                             .issuer = layer > 0 ? &twins[layer - 1][0] : &stranger,
                                             .key_of = twin > 0 ? &twins[layer][0] : NULL,
                                             .is_ca = true});
            assert_ok(cert_list_add(&pool, twins[layer][twin].cert, &e), &e);
        }
    }
    PL_AUTO(cert_list_clear) struct cert_list chain = {0};
    int64_t start_ms = clock_monotonic_ms();
    assert_ok(chain_build(twins[LAYERS - 1][0].cert, &pool, MAKE_CERT_NOW_MS, &chain, &e), &e);
    assert_true(clock_monotonic_ms() - start_ms < 5000);
    assert_int_equal(chain.count, LAYERS);
    for (size_t i = 0; i < (size_t)LAYERS * TWINS; i++) {
        made_clear(&twins[i / TWINS][i % TWINS]);
    }
}

static void test_leaf_is_found_by_key(void **state) {
    (void)state;
    struct made renewed =
        make_cert((struct make_cert){.name = "www.example.com",
                                     .issuer = &issuing,
                                     .key_of = &leaf,
                                     .not_after_ms = MAKE_CERT_NOT_AFTER_MS + CLOCK_DAY_MS});
    PL_AUTO(cert_list_clear)
    struct cert_list heap = HEAP_OF(root.cert, leaf.cert, renewed.cert, issuing.cert);
    assert_ptr_equal(chain_find_leaf(&heap, leaf.cert->spki_sha256), renewed.cert);
    assert_ptr_equal(chain_find_leaf(&heap, issuing.cert->spki_sha256), issuing.cert);
    assert_null(chain_find_leaf(&heap, stranger.cert->spki_sha256));
    made_clear(&renewed);
}

static void test_leaf_is_found_without_a_key(void **state) {
    (void)state;
    PL_AUTO(cert_list_clear) struct cert_list heap = HEAP_OF(root.cert, issuing.cert, leaf.cert);
    assert_ptr_equal(chain_find_leaf(&heap, NULL), leaf.cert);
    PL_AUTO(cert_list_clear) struct cert_list only_cas = HEAP_OF(root.cert, issuing.cert);
    assert_ptr_equal(chain_find_leaf(&only_cas, NULL), issuing.cert);
    PL_AUTO(cert_list_clear) struct cert_list none = {0};
    assert_null(chain_find_leaf(&none, NULL));
}

static void sort(struct cert_list given, struct chain_sorting *out) {
    struct err e = {0};
    assert_ok(chain_sort(&given, NULL, MAKE_CERT_NOW_MS, out, &e), &e);
    cert_list_clear(&given);
}

static void test_sorted_chain_has_nothing_to_say(void **state) {
    (void)state;
    PL_AUTO(chain_sorting_clear) struct chain_sorting sorting = {0};
    sort(HEAP_OF(leaf.cert, issuing.cert, root.cert), &sorting);
    ASSERT_CHAIN(&sorting.chain, leaf.cert, issuing.cert, root.cert);
    assert_true(sorting.was_in_order);
    assert_int_equal(sorting.aside.count, 0);
    assert_int_equal(sorting.notes.count, 0);
}

static void test_sorting_says_what_it_did(void **state) {
    (void)state;
    PL_AUTO(chain_sorting_clear) struct chain_sorting sorting = {0};
    sort(HEAP_OF(root.cert, stranger.cert, leaf.cert, issuing.cert, leaf.cert), &sorting);
    ASSERT_CHAIN(&sorting.chain, leaf.cert, issuing.cert, root.cert);
    ASSERT_CHAIN(&sorting.aside, stranger.cert);
    assert_false(sorting.was_in_order);
    assert_int_equal(sorting.duplicate_count, 1);
    assert_int_equal(sorting.notes.count, 3);
    assert_string_equal(sorting.notes.items[0],
                        "the certificates were out of order and have been sorted, server's first");
    assert_string_equal(sorting.notes.items[1], "1 duplicate was left out");
    assert_string_equal(sorting.notes.items[2],
                        "1 certificate was left aside, being no part of the chain of "
                        "\"www.example.com\": stranger.example");
}

static void test_sorting_from_a_given_leaf(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(cert_list_clear) struct cert_list heap = HEAP_OF(leaf.cert, stranger.cert);
    PL_AUTO(chain_sorting_clear) struct chain_sorting sorting = {0};
    assert_ok(chain_sort(&heap, stranger.cert, MAKE_CERT_NOW_MS, &sorting, &e), &e);
    ASSERT_CHAIN(&sorting.chain, stranger.cert);
    ASSERT_CHAIN(&sorting.aside, leaf.cert);
}

static bool sort_and_drop(struct err *e) {
    struct cert_list heap = {
        .items = (struct cert *[]){root.cert, stranger.cert, leaf.cert, issuing.cert, leaf.cert},
        .count = 5};
    PL_AUTO(chain_sorting_clear) struct chain_sorting sorting = {0};
    return chain_sort(&heap, NULL, MAKE_CERT_NOW_MS, &sorting, e);
}

static void test_sorting_survives_failing_memory(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(sort_and_drop(&e), &e);
}

static size_t count_blocks(const struct cert_list *chain, bool has_root) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf pem;
    buf_init(&pem, 64 * 1024);
    assert_ok(chain_append_pem(chain, has_root, &pem, &e), &e);
    size_t count = 0;
    for (const char *at = buf_string(&pem); (at = strstr(at, "BEGIN CERT")) != NULL; at++) {
        count++;
    }
    return count;
}

static void test_chain_file_leaves_the_root_to_the_client(void **state) {
    (void)state;
    PL_AUTO(cert_list_clear) struct cert_list chain = HEAP_OF(leaf.cert, issuing.cert, root.cert);
    assert_int_equal(count_blocks(&chain, true), 3);
    assert_int_equal(count_blocks(&chain, false), 2);
    PL_AUTO(cert_list_clear) struct cert_list only_root = HEAP_OF(root.cert);
    assert_int_equal(count_blocks(&only_root, false), 1);
}

/* Whatever the order given, the chain is the same. */
static void test_every_order_gives_the_same_chain(void **state) {
    (void)state;
    struct cert *certs[] = {leaf.cert, issuing.cert, root.cert, stranger.cert};
    for (size_t order = 0; order < 256; order++) {
        size_t picks[] = {order & 3, (order >> 2) & 3, (order >> 4) & 3, (order >> 6) & 3};
        bool has_all =
            ((1U << picks[0]) | (1U << picks[1]) | (1U << picks[2]) | (1U << picks[3])) == 15;
        if (!has_all) {
            continue;
        }
        PL_AUTO(chain_sorting_clear) struct chain_sorting sorting = {0};
        struct err e = {0};
        PL_AUTO(cert_list_clear)
        struct cert_list heap =
            HEAP_OF(certs[picks[0]], certs[picks[1]], certs[picks[2]], certs[picks[3]]);
        assert_ok(chain_sort(&heap, leaf.cert, MAKE_CERT_NOW_MS, &sorting, &e), &e);
        ASSERT_CHAIN(&sorting.chain, leaf.cert, issuing.cert, root.cert);
        ASSERT_CHAIN(&sorting.aside, stranger.cert);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_is_built_from_any_order),
        cmocka_unit_test(test_chain_goes_as_far_as_the_pool),
        cmocka_unit_test(test_same_name_with_another_key_is_no_issuer),
        cmocka_unit_test(test_a_trusted_end_beats_a_whole_chain),
        cmocka_unit_test(test_valid_issuer_beats_expired_twin),
        cmocka_unit_test(test_of_two_valid_twins_the_longer_lasting_wins),
        cmocka_unit_test(test_cross_signature_is_taken_only_when_it_leads_further),
        cmocka_unit_test(test_mutual_cross_signatures_end),
        cmocka_unit_test(test_chain_holds_its_maximum),
        cmocka_unit_test(test_heap_made_to_confuse_ends_soon),
        cmocka_unit_test(test_leaf_is_found_by_key),
        cmocka_unit_test(test_leaf_is_found_without_a_key),
        cmocka_unit_test(test_sorted_chain_has_nothing_to_say),
        cmocka_unit_test(test_sorting_says_what_it_did),
        cmocka_unit_test(test_sorting_from_a_given_leaf),
        cmocka_unit_test(test_sorting_survives_failing_memory),
        cmocka_unit_test(test_chain_file_leaves_the_root_to_the_client),
        cmocka_unit_test(test_every_order_gives_the_same_chain),
    };
    return cmocka_run_group_tests(tests, make_all, clear_all);
}
