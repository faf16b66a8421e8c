/* Sites and bindings. */
#include "store_fixture.h"

#include "store/tls_policies.h"

static size_t count_listed(struct fixture *f, const struct binding_filter *filter) {
    PL_AUTO(binding_rows_clear) struct binding_rows by_age = {0};
    PL_AUTO(binding_rows_clear) struct binding_rows by_host = {0};
    assert_ok(store_binding_list(f->store, filter, BINDING_SORT_AGE, NULL, &by_age, &f->e), &f->e);
    assert_ok(store_binding_list(f->store, filter, BINDING_SORT_HOST, NULL, &by_host, &f->e),
              &f->e);
    assert_int_equal(by_age.count, by_host.count);
    return by_age.count;
}

static void test_binding_comes_back_as_it_went_in(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    struct cert_row cert = make_cert(1);
    static char console[] = "console";
    char *parts[] = {console};
    PL_AUTO(binding_row_freep) struct binding_row *row = NULL;
    add_site(f, &site);
    add_cert(f, &cert);
    struct binding_row binding = make_binding(1, &site);
    binding.is_strict = true;
    binding.parts = (struct texts){parts, 1};
    *binding_cert_id(&binding, KEY_EC) = cert.id;
    assert_null(binding_cert_id(&binding, KEY_OTHER));
    add_binding(f, &binding);
    assert_ok(store_binding_get(f->store, &binding.id, &row, &f->e), &f->e);
    assert_true(id_equal(&row->site_id, &site.id));
    assert_string_equal(row->scheme, "https");
    assert_string_equal(row->address, "192.0.2.1");
    assert_int_equal(row->port, 443);
    assert_string_equal(row->host, "www.site1.example");
    assert_true(row->is_strict);
    assert_string_equal(row->parts.items[0], "console");
    assert_true(id_equal(binding_cert_id(row, KEY_EC), &cert.id));
    assert_true(id_is_zero(binding_cert_id(row, KEY_RSA)));
    assert_true(id_is_zero(binding_cert_id(row, KEY_ED25519)));
}

static void test_one_live_binding_for_each_endpoint_and_host(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    struct operation op = {0};
    add_site(f, &site);
    struct binding_row binding = make_binding(1, &site);
    binding.host = "";
    struct binding_row twin = binding;
    struct binding_row other_port = binding;
    other_port.port = 8443;
    add_binding(f, &binding);
    begin(f, &op, "bind");
    assert_fails(store_binding_insert(f->store, &twin, &f->e), &f->e, ERR_STORE_CONSTRAINT);
    assert_string_equal(f->e.step[0], "this address, port and host name are already bound");
    assert_ok(store_binding_insert(f->store, &other_port, &f->e), &f->e);
    assert_ok(store_binding_delete(f->store, &binding, &f->e), &f->e);
    assert_ok(store_binding_insert(f->store, &twin, &f->e), &f->e);
    commit(f, &op);
}

static void test_port_outside_its_range_is_refused(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    struct operation op = {0};
    static const unsigned ports[] = {0, 65536};
    add_site(f, &site);
    begin(f, &op, "bind");
    for (size_t i = 0; i < PL_ARRAY_LEN(ports); i++) {
        struct binding_row binding = make_binding(1, &site);
        binding.port = ports[i];
        assert_fails(store_binding_insert(f->store, &binding, &f->e), &f->e, ERR_STORE_CONSTRAINT);
    }
    struct binding_row last = make_binding(1, &site);
    last.port = 65535;
    assert_ok(store_binding_insert(f->store, &last, &f->e), &f->e);
    commit(f, &op);
}

static void test_what_is_bound_cannot_be_deleted(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    struct cert_row cert = make_cert(1);
    struct operation op = {0};
    add_site(f, &site);
    add_cert(f, &cert);
    struct binding_row binding = make_binding(1, &site);
    binding.ec_cert_id = cert.id;
    add_binding(f, &binding);
    begin(f, &op, "delete");
    assert_fails(store_cert_delete(f->store, &cert, &f->e), &f->e, ERR_STORE_REFERENCE);
    operation_rollback(&op);
    begin(f, &op, "delete");
    assert_fails(store_site_delete(f->store, &site, &f->e), &f->e, ERR_STORE_REFERENCE);
    operation_rollback(&op);
    begin(f, &op, "delete all");
    assert_ok(store_binding_delete(f->store, &binding, &f->e), &f->e);
    assert_ok(store_cert_delete(f->store, &cert, &f->e), &f->e);
    assert_ok(store_site_delete(f->store, &site, &f->e), &f->e);
    commit(f, &op);
    begin(f, &op, "bind to what is gone");
    struct binding_row late = make_binding(2, &site);
    assert_fails(store_binding_insert(f->store, &late, &f->e), &f->e, ERR_STORE_REFERENCE);
    operation_rollback(&op);
}

static void test_filters_choose(void **state) {
    struct fixture *f = *state;
    struct site_row sites[2] = {make_site(1), make_site(2)};
    struct cert_row rsa = make_cert(1);
    struct cert_row ec = make_cert(2);
    rsa.key_spec = "rsa:1024";
    add_site(f, &sites[0]);
    add_site(f, &sites[1]);
    add_cert(f, &rsa);
    add_cert(f, &ec);
    for (unsigned i = 0; i < 10; i++) {
        struct binding_row binding = make_binding(i, &sites[i % 2]);
        binding.port = i < 4 ? 443 : 8443;
        binding.rsa_cert_id = i < 3 ? rsa.id : (struct id){{0}};
        binding.ec_cert_id = i < 5 ? ec.id : (struct id){{0}};
        add_binding(f, &binding);
    }
    assert_int_equal(count_listed(f, NULL), 10);
    assert_int_equal(count_listed(f, &(struct binding_filter){.site_id = &sites[0].id}), 5);
    assert_int_equal(count_listed(f, &(struct binding_filter){.cert_id = &rsa.id}), 3);
    assert_int_equal(count_listed(f, &(struct binding_filter){.cert_id = &ec.id}), 5);
    assert_int_equal(count_listed(f, &(struct binding_filter){.host = "www.site3.example"}), 1);
    assert_int_equal(count_listed(f, &(struct binding_filter){.address = "192.0.2.1", .port = 443}),
                     4);
    assert_int_equal(count_listed(f, &(struct binding_filter){.port = 8443}), 6);
    assert_int_equal(
        count_listed(
            f, &(struct binding_filter){.cert_id = &ec.id, .site_id = &sites[0].id, .port = 443}),
        2);
    PL_AUTO(cert_rows_clear) struct cert_rows bound = {0};
    PL_AUTO(cert_rows_clear) struct cert_rows free_ones = {0};
    const struct cert_filter is_bound = {.binding = CERT_WITH};
    const struct cert_filter is_free = {.binding = CERT_WITHOUT};
    assert_ok(store_cert_list(f->store, &is_bound, CERT_SORT_NAME, NULL, &bound, &f->e), &f->e);
    assert_ok(store_cert_list(f->store, &is_free, CERT_SORT_NAME, NULL, &free_ones, &f->e), &f->e);
    assert_int_equal(bound.count, 2);
    assert_int_equal(free_ones.count, 0);
}

static void test_a_policy_stays_while_it_is_used(void **state) {
    struct fixture *f = *state;
    static char suite[] = "TLS_AES_128_GCM_SHA256";
    char *suites[] = {suite};
    struct site_row site = make_site(1);
    struct tls_policy_row policy = {.name = "Mine",
                                    .about = "words",
                                    .version_min = 0x0303,
                                    .version_max = 0x0304,
                                    .suite_names = {suites, 1}};
    struct tls_policy_row twin = {.name = "mine"};
    struct operation op = {0};
    PL_AUTO(tls_policy_row_freep) struct tls_policy_row *row = NULL;
    add_site(f, &site);
    begin(f, &op, "policy");
    assert_ok(store_tls_policy_insert(f->store, &policy, &f->e), &f->e);
    assert_fails(store_tls_policy_insert(f->store, &twin, &f->e), &f->e, ERR_STORE_CONSTRAINT);
    commit(f, &op);
    assert_ok(store_tls_policy_find_name(f->store, "MINE", &row, &f->e), &f->e);
    assert_string_equal(row->suite_names.items[0], suite);
    assert_int_equal(row->version_max, 0x0304);
    struct binding_row binding = make_binding(1, &site);
    binding.tls_policy = policy.name;
    binding.tls_policy_id = policy.id;
    add_binding(f, &binding);
    assert_int_equal(count_listed(f, &(struct binding_filter){.tls_policy = "Mine"}), 1);
    assert_int_equal(count_listed(f, &(struct binding_filter){.tls_policy = "old"}), 0);
    begin(f, &op, "remove");
    assert_fails(store_tls_policy_delete(f->store, row, &f->e), &f->e, ERR_STORE_REFERENCE);
    operation_rollback(&op);
    begin(f, &op, "remove both");
    assert_ok(store_binding_delete(f->store, &binding, &f->e), &f->e);
    assert_ok(store_tls_policy_delete(f->store, row, &f->e), &f->e);
    commit(f, &op);
    PL_AUTO(tls_policy_rows_clear) struct tls_policy_rows left = {0};
    assert_ok(store_tls_policy_list(f->store, NULL, &left, &f->e), &f->e);
    assert_int_equal(left.count, 0);
}

static void test_site_names_are_unique_in_either_case(void **state) {
    struct fixture *f = *state;
    struct site_row site = make_site(1);
    struct site_row twin = make_site(2);
    struct operation op = {0};
    PL_AUTO(site_row_freep) struct site_row *found = NULL;
    PL_AUTO(site_row_freep) struct site_row *missing = NULL;
    PL_AUTO(site_rows_clear) struct site_rows by_text = {0};
    char text[ID_TEXT_LEN + 1];
    add_site(f, &site);
    begin(f, &op, "twin");
    twin.name = "sITE1";
    assert_fails(store_site_insert(f->store, &twin, &f->e), &f->e, ERR_STORE_CONSTRAINT);
    operation_rollback(&op);
    assert_ok(store_site_find_name(f->store, "SITE1", &found, &f->e), &f->e);
    assert_string_equal(found->name, "Site1");
    assert_string_equal(found->index_names.items[1], "index.htm");
    assert_ok(store_site_find_name(f->store, "Site2", &missing, &f->e), &f->e);
    assert_null(missing);
    id_format(&site.id, text);
    assert_ok(store_site_find(f->store, text, &by_text, &f->e), &f->e);
    assert_int_equal(by_text.count, 1);
}

static void test_sites_are_listed_by_name(void **state) {
    struct fixture *f = *state;
    PL_AUTO(site_rows_clear) struct site_rows rows = {0};
    PL_AUTO(site_rows_clear) struct site_rows rest = {0};
    for (unsigned i = 5; i > 0; i--) {
        struct site_row site = make_site(i);
        add_site(f, &site);
    }
    assert_ok(store_site_list(f->store, &(struct page){.limit = 3}, &rows, &f->e), &f->e);
    assert_int_equal(rows.count, 3);
    assert_string_equal(rows.items[0]->name, "Site1");
    const struct page next = {.after = rows.next};
    assert_ok(store_site_list(f->store, &next, &rest, &f->e), &f->e);
    assert_int_equal(rest.count, 2);
    assert_string_equal(rest.items[0]->name, "Site4");
    assert_null(rest.next);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_binding_comes_back_as_it_went_in),
        STORE_TEST(test_one_live_binding_for_each_endpoint_and_host),
        STORE_TEST(test_port_outside_its_range_is_refused),
        STORE_TEST(test_what_is_bound_cannot_be_deleted),
        STORE_TEST(test_a_policy_stays_while_it_is_used),
        STORE_TEST(test_filters_choose),
        STORE_TEST(test_site_names_are_unique_in_either_case),
        STORE_TEST(test_sites_are_listed_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
