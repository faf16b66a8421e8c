/* observe/protect: what is sealed opens again, for every suite and version; any change is seen. */
#include "inspect_fixture.h"

#include "inspect/observe/protect.h"
#include "inspect/wire/numbers.h"

static const uint16_t versions[] = {WIRE_SSL30, WIRE_TLS10, WIRE_TLS11, WIRE_TLS12, WIRE_TLS13};

static void set_up(struct protect *p, const struct observe_suite *suite, uint16_t version,
                   bool is_encrypt_then_mac) {
    uint32_t seed = 1;
    *p = (struct protect){
        .suite = suite, .version = version, .is_encrypt_then_mac = is_encrypt_then_mac};
    assert_true(fixture_fill(&seed, p->key, sizeof(p->key)));
    assert_true(fixture_fill(&seed, p->iv, sizeof(p->iv)));
    assert_true(fixture_fill(&seed, p->mac_key, sizeof(p->mac_key)));
}

/* Three records of different lengths, one after the other. */
static void assert_round_trip(const struct observe_suite *suite, uint16_t version, bool is_etm) {
    struct err e = {0};
    struct protect ours;
    struct protect theirs;
    uint8_t iv[PROTECT_IV_MAX] = {7};
    uint8_t plain[300] = {'p'};
    struct buf record = {.max = 64 * 1024};
    struct buf opened = {.max = 64 * 1024};
    set_up(&ours, suite, version, is_etm);
    set_up(&theirs, suite, version, is_etm);
    for (size_t len = 1; len <= 300; len += 137) {
        uint8_t type = 0;
        buf_reset(&record);
        assert_ok(
            protect_seal(&ours, WIRE_HANDSHAKE, (struct wire_span){plain, len}, iv, &record, &e),
            &e);
        const struct wire_span payload = {record.data + 5, record.len - 5};
        assert_int_equal(record.data[3] << 8 | record.data[4], payload.len);
        assert_ok(protect_open(&theirs, record.data[0], payload, &type, &opened, &e), &e);
        assert_int_equal(type, WIRE_HANDSHAKE);
        assert_int_equal(opened.len, len);
        assert_memory_equal(opened.data, plain, len);
    }
    buf_clear(&record);
    buf_clear(&opened);
    protect_clear(&ours);
    protect_clear(&theirs);
}

static void test_every_suite_in_every_version(void **state) {
    (void)state;
    size_t tried = 0;
    const struct observe_suite *suite = NULL;
    for (size_t i = 0; (suite = observe_suite_at(i)) != NULL; i++) {
        for (size_t v = 0; v < PL_ARRAY_LEN(versions); v++) {
            if (observe_suite_fits(suite, versions[v])) {
                assert_round_trip(suite, versions[v], false);
                tried++;
            }
        }
        if (suite->cipher->protection == OBSERVE_CBC) {
            assert_round_trip(suite, WIRE_TLS12, true);
        }
    }
    assert_true(tried > 80);
}

/* Every bit of the record, and a record that is played again. */
static void assert_changes_are_seen(uint16_t code, uint16_t version) {
    struct err e = {0};
    struct protect ours;
    uint8_t iv[PROTECT_IV_MAX] = {7};
    struct buf record = {.max = 64 * 1024};
    struct buf opened = {.max = 64 * 1024};
    uint8_t type = 0;
    set_up(&ours, observe_suite_find(code), version, false);
    assert_ok(protect_seal(&ours, WIRE_HANDSHAKE, (struct wire_span){(const uint8_t *)"hello", 5},
                           iv, &record, &e),
              &e);
    for (size_t i = 5; i <= record.len; i++) {
        struct protect theirs;
        set_up(&theirs, observe_suite_find(code), version, false);
        if (i < record.len) {
            record.data[i] ^= 1;
        } else {
            theirs.sequence = 1;
        }
        bool ok =
            protect_open(&theirs, record.data[0],
                         (struct wire_span){record.data + 5, record.len - 5}, &type, &opened, &e);
        assert_false(ok);
        assert_string_equal(err_code_text(e.code), "observe.record");
        if (i < record.len) {
            record.data[i] ^= 1;
        }
        protect_clear(&theirs);
    }
    buf_clear(&record);
    buf_clear(&opened);
    protect_clear(&ours);
}

static void test_changes_are_seen(void **state) {
    (void)state;
    assert_changes_are_seen(0x1301, WIRE_TLS13);
    assert_changes_are_seen(0xC02F, WIRE_TLS12);
    assert_changes_are_seen(0xCCA8, WIRE_TLS12);
    assert_changes_are_seen(0x0005, WIRE_TLS10);
}

static void test_short_records_are_refused(void **state) {
    (void)state;
    static const uint16_t codes[] = {0x1301, 0xC02F, 0x002F, 0x0005, 0x000A};
    uint8_t zeros[64] = {0};
    struct buf opened = {.max = 64 * 1024};
    for (size_t i = 0; i < PL_ARRAY_LEN(codes); i++) {
        for (size_t len = 0; len < sizeof(zeros); len++) {
            struct err e = {0};
            struct protect p;
            uint8_t type = 0;
            set_up(&p, observe_suite_find(codes[i]), i == 0 ? WIRE_TLS13 : WIRE_TLS12, i % 2 == 0);
            assert_fails(protect_open(&p, WIRE_HANDSHAKE, (struct wire_span){zeros, len}, &type,
                                      &opened, &e),
                         &e, ERR_OBSERVE_RECORD);
            protect_clear(&p);
        }
    }
    buf_clear(&opened);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_suite_in_every_version),
        cmocka_unit_test(test_changes_are_seen),
        cmocka_unit_test(test_short_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
