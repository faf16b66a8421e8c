/*
 * pki/ct, pki/ct_logs: real timestamps of real logs (cryptography.io, 2018), and what browsers ask:
 * distinct logs, distinct operators, states and times.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pki/ct.h"
#include "pki/detect.h"

#include <stdlib.h>

#define VECTORS "/usr/lib/python3/dist-packages/cryptography_vectors/x509/"
#define ICARUS                                                                                     \
    "\"log_id\":\"KTxRllTIOWW6qlD8WAfUt2+/"                                                        \
    "WHopctykwwz05UVH9Hg=\",\"key\":\"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"                        \
    "TtK8v7MICve56qTHHDhhBOuV4IlUaESxZryCfk9QbG9co/CqPvTsgPDbCpp6oFtyAHwlDhnvr7JijXRD9Cb2FA==\""
#define MAMMOTH                                                                                    \
    "\"log_id\":\"b1N2rDHwMRnYmQCkURX/"                                                            \
    "dxUcEdkCwQApBo2yCJo32RM=\",\"key\":\"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"                    \
    "7+R9dC4VFbbpuyOL+yy14ceAmEf7QGlo/EmtYU6DRzwat43f/3swtLr/L8ugFOOt1YU/RFmMjGCL17ixv66MZw==\""
#define USABLE "\"state\":{\"usable\":{\"timestamp\":\"2017-01-01T00:00:00Z\"}}"
#define RETIRED "\"state\":{\"retired\":{\"timestamp\":\"2018-10-01T00:00:00Z\"}}"
#define RETIRED_BEFORE "\"state\":{\"retired\":{\"timestamp\":\"2018-09-01T00:00:00Z\"}}"
#define REJECTED "\"state\":{\"rejected\":{\"timestamp\":\"2018-01-01T00:00:00Z\"}}"
/* Two operators with a log each; what is added to Icarus and to Mammoth. */
#define HEAD "{\"version\":\"1\",\"log_list_timestamp\":\"2018-10-01T00:00:00Z\",\"operators\":["
#define GOOGLE "{\"name\":\"Google\",\"logs\":[{\"description\":\"Icarus\"," ICARUS ","
#define SECTIGO                                                                                    \
    "{\"name\":\"Sectigo\",\"logs\":[],\"tiled_logs\":[{\"submission_url\":\"https://mammoth/\","
#define LIST(icarus, mammoth) HEAD GOOGLE icarus "}]}," SECTIGO MAMMOTH "," mammoth "}]}]}"

struct scene {
    struct cert_list leaf;
    struct cert_list issuer;
    struct sct_list embedded;
    struct ct_logs *logs;
    struct ct_input input;
    struct ct_result result;
};

static void read_certs(const char *path, struct cert_list *out) {
    static uint8_t bytes[64 * 1024];
    struct err e = {0};
    struct detected detected = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    assert_ok(detect(bytes, len, 0, &detected, &e), &e);
    assert_ok(cert_list_append(out, &detected.certs, &e), &e);
    detected_clear(&detected);
}

static struct scene *begin(const char *list) {
    struct err e = {0};
    struct scene *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    read_certs(VECTORS "cryptography-scts.pem", &s->leaf);
    read_certs(VECTORS "letsencryptx3.pem", &s->issuer);
    assert_true(sct_list_read_cert(&s->embedded, s->leaf.items[0]));
    assert_int_equal(s->embedded.count, 2);
    if (list != NULL) {
        assert_ok(ct_logs_read(list, strlen(list), &s->logs, &e), &e);
    }
    s->input = (struct ct_input){.leaf = s->leaf.items[0],
                                 .issuer = s->issuer.items[0],
                                 .logs = s->logs,
                                 .ways = {&s->embedded}};
    assert_ok(clock_parse("2018-11-01T00:00:00Z", &s->input.at_ms, &e), &e);
    return s;
}

static void end(struct scene *s) {
    ct_logs_free(s->logs);
    cert_list_clear(&s->leaf);
    cert_list_clear(&s->issuer);
    free(s);
}

static void check(struct scene *s) {
    struct err e = {0};
    assert_ok(ct_check(&s->input, &s->result, &e), &e);
}

static void test_real_timestamps_of_real_logs(void **state) {
    (void)state;
    struct scene *s = begin(LIST(USABLE, USABLE));
    check(s);
    assert_int_equal(s->result.count, 2);
    assert_int_equal(s->result.items[0].worth, CT_COUNTS);
    assert_int_equal(s->result.items[1].worth, CT_COUNTS);
    assert_string_equal(s->result.items[0].log->name, "Icarus");
    assert_string_equal(s->result.items[1].log->name, "https://mammoth/");
    assert_string_equal(s->result.items[1].log->operator_name, "Sectigo");
    assert_int_equal(s->result.logs, 2);
    assert_int_equal(s->result.operators, 2);
    assert_int_equal(s->result.wanted_logs, 2);
    assert_true(s->result.is_enough);
    assert_true(s->result.has_rfc6962);
    assert_int_equal(ct_logs_count(s->logs), 2);
    assert_int_equal(ct_logs_made_ms(s->logs), INT64_C(1538352000000));
    end(s);
}

/* One bit anywhere that a log signs, and the signature is none. */
static void test_what_was_not_signed(void **state) {
    (void)state;
    struct scene *s = begin(LIST(USABLE, USABLE));
    s->embedded.items[0].at_ms++;
    s->embedded.items[1].extensions = (const uint8_t *)"x";
    s->embedded.items[1].extensions_len = 1;
    check(s);
    assert_int_equal(s->result.items[0].worth, CT_BAD_SIGNATURE);
    assert_int_equal(s->result.items[1].worth, CT_BAD_SIGNATURE);
    assert_false(s->result.is_enough);
    /* another issuer's key, another way, another kind of signature */
    s->embedded = (struct sct_list){0};
    assert_true(sct_list_read_cert(&s->embedded, s->leaf.items[0]));
    s->input.issuer = s->leaf.items[0];
    check(s);
    assert_int_equal(s->result.items[0].worth, CT_BAD_SIGNATURE);
    s->input.issuer = NULL;
    check(s);
    assert_int_equal(s->result.items[0].worth, CT_NO_ISSUER);
    assert_int_equal(s->result.logs, 0);
    s->input.issuer = s->issuer.items[0];
    s->input.ways[CT_IN_CERTIFICATE] = NULL;
    s->input.ways[CT_IN_HANDSHAKE] = &s->embedded;
    check(s);
    assert_int_equal(s->result.items[0].worth, CT_BAD_SIGNATURE);
    s->input.ways[CT_IN_HANDSHAKE] = NULL;
    s->input.ways[CT_IN_CERTIFICATE] = &s->embedded;
    s->embedded.items[0].algorithm = 1;
    s->embedded.items[1].hash = 2;
    check(s);
    assert_int_equal(s->result.items[0].worth, CT_BAD_SIGNATURE);
    assert_int_equal(s->result.items[1].worth, CT_BAD_SIGNATURE);
    end(s);
}

static void expect(const char *list, enum ct_worth first, bool is_enough) {
    struct scene *s = begin(list);
    check(s);
    assert_int_equal(s->result.items[0].worth, first);
    assert_int_equal(s->result.is_enough, is_enough);
    end(s);
}

static void test_states_of_logs(void **state) {
    (void)state;
    struct scene *tiled = begin(LIST(REJECTED, USABLE)); /* the one that counts has tiles */
    check(tiled);
    assert_int_equal(tiled->result.logs, 1);
    assert_false(tiled->result.has_rfc6962);
    end(tiled);
    expect(LIST(RETIRED, USABLE), CT_COUNTS, true); /* promised before it retired */
    expect(LIST(RETIRED, RETIRED), CT_COUNTS, false);
    expect(LIST(RETIRED_BEFORE, USABLE), CT_TOO_LATE, false);
    expect(LIST(REJECTED, USABLE), CT_NOT_COUNTED, false);
    /* one operator ran both, then; a state that is not known is a log that does not count */
    expect(LIST(USABLE, USABLE ",\"previous_operators\":[{\"name\":\"Google\",\"end_time\":"
                               "\"2019-01-01T00:00:00Z\"}]"),
           CT_COUNTS, false);
    expect(LIST(USABLE, USABLE ",\"previous_operators\":[{\"name\":\"Google\",\"end_time\":"
                               "\"2018-01-01T00:00:00Z\"}]"),
           CT_COUNTS, true);
    expect(LIST("\"state\":{\"dreaming\":{}}", USABLE), CT_UNKNOWN_LOG, false);
}

static void test_times(void **state) {
    (void)state;
    struct scene *s = begin(LIST(RETIRED, RETIRED));
    struct err e = {0};
    assert_ok(clock_parse("2018-09-30T00:00:00Z", &s->input.at_ms, &e), &e);
    check(s); /* neither had retired yet */
    assert_true(s->result.is_enough);
    assert_ok(clock_parse("2018-09-26T00:00:00Z", &s->input.at_ms, &e), &e);
    check(s);
    assert_int_equal(s->result.items[0].worth, CT_FROM_FUTURE);
    assert_false(s->result.is_enough);
    end(s);
}

static void test_without_a_list(void **state) {
    (void)state;
    struct scene *s = begin(NULL);
    check(s);
    assert_int_equal(s->result.items[0].worth, CT_UNCHECKED);
    assert_int_equal(s->result.logs, 2);
    assert_int_equal(s->result.operators, 0);
    assert_true(s->result.is_enough);
    s->embedded.items[1] = s->embedded.items[0];
    check(s);
    assert_int_equal(s->result.logs, 1);
    assert_false(s->result.is_enough);
    end(s);
}

static void refuse(const char *list, enum err_code code, const char *what) {
    struct err e = {0};
    struct ct_logs *logs = NULL;
    assert_false(ct_logs_read(list, strlen(list), &logs, &e));
    assert_null(logs);
    assert_int_equal(e.code, code);
    assert_non_null(strstr(e.step[0], what));
}

static void test_lists_that_are_none(void **state) {
    (void)state;
    refuse("[", ERR_CODEC_JSON_SYNTAX, "");
    refuse("{}", ERR_CODEC_JSON_MISSING, "operators");
    refuse("{\"operators\":[]}", ERR_PKI_CT_LOGS_MALFORMED, "names no log");
    refuse(LIST("\"state\":{\"usable\":{}}", USABLE), ERR_CODEC_JSON_MISSING, "timestamp");
    refuse(LIST(USABLE ",\"temporal_interval\":{\"start_inclusive\":\"2020-01-01T00:00:00Z\","
                       "\"end_exclusive\":\"2019-01-01T00:00:00Z\"}",
                USABLE),
           ERR_PKI_CT_LOGS_MALFORMED, "ends before it begins");
    refuse("{\"operators\":[{\"name\":\"A\",\"logs\":[{\"description\":\"One\"," ICARUS "," USABLE
           "},{\"description\":\"Two\"," ICARUS "," USABLE "}]}]}",
           ERR_PKI_CT_LOGS_MALFORMED, "twice");
    refuse("{\"operators\":[{\"name\":\"A\",\"logs\":[{\"description\":\"One\",\"log_id\":\"KTxR\","
           "\"key\":\"AAAA\"," USABLE "}]}]}",
           ERR_PKI_CT_LOGS_MALFORMED, "not the hash of its key");
}

static void test_out_of_memory(void **state) {
    (void)state;
    static const char list[] = LIST(USABLE ",\"previous_operators\":[{\"name\":\"G\",\"end_time\":"
                                           "\"2018-01-01T00:00:00Z\"}]",
                                    USABLE);
    struct ct_logs *logs = NULL;
    bool ok = false;
    for (uint64_t nth = 1; !ok; nth++) {
        struct err e = {0};
        mem_fail_at(nth);
        ok = ct_logs_read(list, sizeof(list) - 1, &logs, &e);
        mem_fail_at(0);
        assert_true(ok || e.code == ERR_BASE_OOM || e.code == ERR_CODEC_JSON_SYNTAX);
        assert_true(nth < 1000);
    }
    ct_logs_free(logs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_timestamps_of_real_logs),
        cmocka_unit_test(test_what_was_not_signed),
        cmocka_unit_test(test_states_of_logs),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_without_a_list),
        cmocka_unit_test(test_lists_that_are_none),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
