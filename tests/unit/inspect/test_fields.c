/* wire/fields: every byte of a message belongs to a field; cut and changed messages stay in bounds.
 */
#include "inspect_fixture.h"

#include "inspect/wire/fields.h"
#include "inspect/wire/hello.h"

static const uint8_t given_random[32] = {1};
static const uint16_t suites[] = {0x1301, 0x0A0A, 0x4242};
static const uint16_t versions[] = {0x0304};

static void build(struct buf *message) {
    struct err e = {0};
    const struct wire_client_hello wish = {.legacy_version = 0x0303,
                                           .random = given_random,
                                           .suites = {suites, 3},
                                           .server_name = "www.example.com",
                                           .protocols = "http/1.1",
                                           .versions = {versions, 1},
                                           .psk_identity = {given_random, 32},
                                           .psk_binder_len = 32};
    assert_ok(wire_client_hello_build(&wish, message, &e), &e);
}

static const struct wire_setting from_client = {.is_client = true};

/* Leaves are in the order of the bytes, do not overlap, and cover all but lengths and containers.
 */
static void assert_in_bounds(const struct wire_fields *fields, size_t len) {
    for (size_t i = 0; i < fields->count; i++) {
        const struct wire_field *field = &fields->items[i];
        assert_true(field->offset <= len && field->len <= len - field->offset);
        assert_true(i == 0 || field->offset >= fields->items[i - 1].offset);
        assert_true(i == 0 || field->depth <= fields->items[i - 1].depth + 1);
    }
}

static const struct wire_field *find(const struct wire_fields *fields, const char *name,
                                     const char *value) {
    for (size_t i = 0; i < fields->count; i++) {
        if (strcmp(fields->items[i].name, name) == 0 &&
            (value == NULL || strcmp(fields->items[i].value, value) == 0)) {
            return &fields->items[i];
        }
    }
    return NULL;
}

static bool lies_at(const struct wire_field *field, uint32_t offset, uint32_t len) {
    return field != NULL && field->offset == offset && field->len == len;
}

static void test_a_hello_field_by_field(void **state) {
    (void)state;
    struct err e = {0};
    struct arena arena;
    struct buf message = {.max = WIRE_CLIENT_HELLO_MAX};
    arena_init(&arena, 1024 * 1024);
    struct wire_fields fields = {.arena = &arena};
    build(&message);
    assert_ok(wire_describe_message((struct wire_span){message.data, message.len}, &from_client,
                                    &fields, &e),
              &e);
    assert_false(fields.is_malformed);
    assert_in_bounds(&fields, message.len);
    assert_non_null(find(&fields, "msg_type", "ClientHello (1)"));
    assert_non_null(find(&fields, "host_name", "www.example.com"));
    assert_non_null(find(&fields, "suite", "TLS_AES_128_GCM_SHA256 (0x1301)"));
    assert_non_null(find(&fields, "suite", "GREASE (0x0a0a)"));
    assert_non_null(find(&fields, "suite", "unknown (0x4242)"));
    assert_non_null(find(&fields, "binder", "32 bytes"));
    assert_true(lies_at(find(&fields, "random", NULL), 6, 32));
    wire_fields_clear(&fields);
    arena_clear(&arena);
    buf_clear(&message);
}

static void test_every_cut_is_malformed(void **state) {
    (void)state;
    struct buf message = {.max = WIRE_CLIENT_HELLO_MAX};
    build(&message);
    for (size_t len = 1; len < message.len; len++) {
        struct err e = {0};
        struct arena arena;
        arena_init(&arena, 1024 * 1024);
        struct wire_fields fields = {.arena = &arena};
        assert_ok(
            wire_describe_message((struct wire_span){message.data, len}, &from_client, &fields, &e),
            &e);
        assert_true(fields.is_malformed);
        assert_non_null(find(&fields, "malformed", NULL));
        assert_in_bounds(&fields, len);
        wire_fields_clear(&fields);
        arena_clear(&arena);
    }
    buf_clear(&message);
}

static void test_a_full_arena_is_told(void **state) {
    (void)state;
    struct err e = {0};
    struct arena arena;
    struct buf message = {.max = WIRE_CLIENT_HELLO_MAX};
    arena_init(&arena, 100);
    struct wire_fields fields = {.arena = &arena};
    build(&message);
    assert_fails(wire_describe_message((struct wire_span){message.data, message.len}, &from_client,
                                       &fields, &e),
                 &e, ERR_BASE_LIMIT);
    wire_fields_clear(&fields);
    arena_clear(&arena);
    buf_clear(&message);
}

static void test_more_fields_than_are_shown(void **state) {
    (void)state;
    struct err e = {0};
    struct arena arena;
    uint16_t many[3000];
    for (size_t i = 0; i < PL_ARRAY_LEN(many); i++) {
        many[i] = (uint16_t)i;
    }
    const struct wire_client_hello wish = {.random = given_random,
                                           .suites = {many, PL_ARRAY_LEN(many)}};
    struct buf message = {.max = WIRE_CLIENT_HELLO_MAX};
    arena_init(&arena, 1024 * 1024);
    struct wire_fields fields = {.arena = &arena};
    assert_ok(wire_client_hello_build(&wish, &message, &e), &e);
    assert_ok(wire_describe_message((struct wire_span){message.data, message.len}, &from_client,
                                    &fields, &e),
              &e);
    assert_int_equal(fields.count, WIRE_FIELDS_MAX);
    assert_string_equal(fields.items[WIRE_FIELDS_MAX - 1].name, "more");
    wire_fields_clear(&fields);
    arena_clear(&arena);
    buf_clear(&message);
}

static void test_alerts_and_changes(void **state) {
    (void)state;
    struct err e = {0};
    struct arena arena;
    arena_init(&arena, 1024);
    struct wire_fields fields = {.arena = &arena};
    const uint8_t alert[] = {2, 40};
    assert_ok(wire_describe_alert((struct wire_span){alert, 2}, &fields, &e), &e);
    assert_non_null(find(&fields, "level", "fatal"));
    assert_non_null(find(&fields, "description", "handshake_failure (40)"));
    wire_fields_clear(&fields);
    fields.arena = &arena;
    assert_ok(wire_describe_change((struct wire_span){alert, 1}, &fields, &e), &e);
    assert_int_equal(fields.count, 1);
    wire_fields_clear(&fields);
    arena_clear(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hello_field_by_field),
        cmocka_unit_test(test_every_cut_is_malformed),
        cmocka_unit_test(test_a_full_arena_is_told),
        cmocka_unit_test(test_more_fields_than_are_shown),
        cmocka_unit_test(test_alerts_and_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
