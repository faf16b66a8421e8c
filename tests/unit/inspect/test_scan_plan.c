/* scan/plan against servers that exist as rules alone; targets; suites; judgement. */
#include "inspect_fixture.h"

#include "inspect/scan/judge.h"
#include "inspect/scan/plan.h"
#include "inspect/wire/numbers.h"

#include <string.h>

/* --- a server as rules ---------------------------------------------------------------------------
 */

struct server {
    uint16_t versions[5];
    uint16_t suites[8];    /* before TLS 1.3, in its order */
    uint16_t suites_13[4]; /* in its order */
    uint16_t groups[6];
    uint16_t schemes[4];
    bool has_own_order;
    bool puts_chacha_first; /* when the client does */
    bool is_silent_once;    /* every second ask is lost */
    bool has_fallback_protection;
    enum answer_end nothing; /* how it says no */
    unsigned asked;
};

static bool has(const uint16_t *items, size_t count, uint16_t value) {
    for (size_t i = 0; i < count; i++) {
        if (items[i] == value && value != 0) {
            return true;
        }
    }
    return false;
}

static size_t count_of(const uint16_t *items, size_t max) {
    size_t count = 0;
    while (count < max && items[count] != 0) {
        count++;
    }
    return count;
}

/* The first of one list that the other has; 0: none. */
static uint16_t common(const uint16_t *first, size_t first_count, const uint16_t *second,
                       size_t second_count) {
    for (size_t i = 0; i < first_count; i++) {
        if (has(second, second_count, first[i])) {
            return first[i];
        }
    }
    return 0;
}

static void answer_hello(const struct server *s, const struct scan_ask *ask,
                         struct scan_answer *a) {
    bool is_13 = ask->version == WIRE_TLS13;
    const uint16_t *own = is_13 ? s->suites_13 : s->suites;
    size_t own_count = count_of(own, is_13 ? 4 : 8);
    bool is_spoken = has(s->versions, 5, ask->version);
    bool is_own = s->has_own_order &&
                  !(s->puts_chacha_first && (ask->suites[0] == 0x1303 || ask->suites[0] == 0xCCA9));
    uint16_t suite = is_own ? common(own, own_count, ask->suites, ask->suite_count)
                            : common(ask->suites, ask->suite_count, own, own_count);
    uint16_t group = common(s->groups, count_of(s->groups, 6), ask->groups, ask->group_count);
    uint16_t scheme = common(s->schemes, count_of(s->schemes, 4), ask->schemes, ask->scheme_count);
    bool is_fallback = has(ask->suites, ask->suite_count, 0x5600) && s->has_fallback_protection;
    if (!is_spoken || suite == 0 || group == 0 || is_fallback ||
        (!is_13 && ask->version == WIRE_TLS12 && scheme == 0)) {
        a->end = s->nothing;
        return;
    }
    a->end = ANSWER_COMPLETE;
    a->has_hello = true;
    a->hello.version = ask->version;
    a->hello.suite = suite;
    a->group = group;
    a->scheme = ask->version == WIRE_TLS12 ? scheme : 0;
    a->is_done = !is_13;
}

static void answer(struct server *s, const struct scan_ask *ask, struct scan_answer *a) {
    *a = (struct scan_answer){.end = s->nothing};
    s->asked++;
    if (s->is_silent_once && s->asked % 2 == 0) {
        a->end = ANSWER_SILENT;
    } else if (ask->kind == ASK_HELLO) {
        answer_hello(s, ask, a);
    } else if (ask->kind == ASK_FULL && ask->version == WIRE_TLS13) {
        a->scheme = common(s->schemes, count_of(s->schemes, 4), ask->schemes, ask->scheme_count);
        a->end = a->scheme == 0 ? s->nothing : ANSWER_COMPLETE;
    }
}

static void run(struct server *s, struct scan_host **out_host) {
    static const struct scan_target target = {.host = "www.example.com", .port = 443};
    struct err e = {0};
    struct scan_ask ask;
    assert_ok(scan_host_new(&target, NULL, 0, NULL, false, out_host, &e), &e);
    for (;;) {
        enum plan_next next = plan_next(*out_host, &ask);
        if (next == PLAN_OVER) {
            break;
        }
        /* Each answer comes before the next ask: nothing is ever to be waited for. */
        assert_int_equal(next, PLAN_ASK);
        struct scan_answer a;
        answer(s, &ask, &a);
        assert_ok(plan_take(*out_host, &ask, &a, NULL, &e), &e);
        assert_true((*out_host)->connections < 400);
    }
}

static const struct server modern = {
    .versions = {WIRE_TLS12, WIRE_TLS13},
    .suites = {0xC02B, 0xCCA9, 0xC02C},
    .suites_13 = {0x1301, 0x1302, 0x1303},
    .groups = {0x11EC, 0x001D, 0x0017},
    .schemes = {0x0403, 0x0503},
    .has_own_order = true,
    .puts_chacha_first = true,
    .has_fallback_protection = true,
    .nothing = ANSWER_ALERT,
};

static void test_a_modern_server(void **state) {
    (void)state;
    struct server s = modern;
    PL_AUTO(scan_host_freep) struct scan_host *h = NULL;
    run(&s, &h);
    assert_int_equal(h->state, SCAN_FINISHED);
    assert_int_equal(h->lost, 0);
    const struct scan_version *v12 = scan_host_version(h, WIRE_TLS12);
    const struct scan_version *v13 = scan_host_version(h, WIRE_TLS13);
    assert_int_equal(v12->suite_count, 3);
    assert_memory_equal(v12->suites, modern.suites, 3 * sizeof(uint16_t));
    assert_int_equal(v13->suite_count, 3);
    assert_memory_equal(v13->suites, modern.suites_13, 3 * sizeof(uint16_t));
    assert_int_equal(v12->order, ORDER_SERVER);
    assert_int_equal(v13->order, ORDER_SERVER_CHACHA);
    assert_false(scan_host_speaks(h, WIRE_TLS11));
    assert_int_equal(h->has_ssl2, FACT_NO);
    assert_int_equal(h->groups_13.count, 3);
    assert_int_equal(h->groups_13.items[0], 0x11EC);
    assert_int_equal(h->group_order, ORDER_SERVER);
    assert_int_equal(h->groups_12.count, 2);
    assert_int_equal(h->schemes_12.count, 2);
    assert_int_equal(h->schemes_13.count, 2);
    assert_int_equal(h->has_fallback_protection, FACT_YES);
    assert_int_equal(h->is_tolerant, FACT_YES);
}

static void test_the_client_s_order(void **state) {
    (void)state;
    struct server s = modern;
    PL_AUTO(scan_host_freep) struct scan_host *h = NULL;
    s.has_own_order = s.has_fallback_protection = false;
    s.nothing = ANSWER_CLOSED;
    run(&s, &h);
    assert_int_equal(scan_host_version(h, WIRE_TLS12)->order, ORDER_CLIENT);
    assert_int_equal(scan_host_version(h, WIRE_TLS12)->suite_count, 3);
    assert_int_equal(h->has_fallback_protection, FACT_NO);
}

static void test_asks_that_are_lost_are_made_again(void **state) {
    (void)state;
    struct server s = modern;
    PL_AUTO(scan_host_freep) struct scan_host *h = NULL;
    s.is_silent_once = true;
    run(&s, &h);
    assert_int_equal(h->state, SCAN_FINISHED);
    assert_int_equal(scan_host_version(h, WIRE_TLS12)->suite_count, 3);
    assert_int_equal(h->groups_13.count, 3);
    assert_int_equal(h->lost, 0);
}

static void test_who_is_not_there(void **state) {
    (void)state;
    static const struct {
        enum answer_end end;
        enum scan_state state;
        unsigned connections;
    } cases[] = {{ANSWER_REFUSED, SCAN_UNREACHABLE, 1},
                 {ANSWER_NOT_TLS, SCAN_NOT_TLS, 1},
                 {ANSWER_SILENT, SCAN_NOT_TLS, 2},
                 {ANSWER_CLOSED, SCAN_NOT_TLS, 2}};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct server s = {.nothing = cases[i].end};
        PL_AUTO(scan_host_freep) struct scan_host *h = NULL;
        run(&s, &h);
        assert_int_equal(h->state, cases[i].state);
        assert_int_equal(h->connections, cases[i].connections);
    }
}

/* A server that chooses what was not offered does not keep the plan busy for ever. */
static void test_a_server_that_chooses_what_it_likes(void **state) {
    (void)state;
    static const struct scan_target target = {.host = "192.0.2.1", .is_address = true, .port = 443};
    PL_AUTO(scan_host_freep) struct scan_host *h = NULL;
    struct err e = {0};
    struct scan_ask ask;
    assert_ok(scan_host_new(&target, NULL, 0, NULL, false, &h, &e), &e);
    while (plan_next(h, &ask) == PLAN_ASK) {
        struct scan_answer a = {.end = ANSWER_COMPLETE,
                                .has_hello = true,
                                .group = 29,
                                .scheme = 0x0403,
                                .hello = {.version = ask.version, .suite = 0x1234}};
        assert_ok(plan_take(h, &ask, &a, NULL, &e), &e);
    }
    assert_true(h->connections < 100);
    assert_int_equal(scan_host_version(h, WIRE_TLS12)->suite_count, 0);
}

/* --- suites --------------------------------------------------------------------------------------
 */

static void test_suites(void **state) {
    (void)state;
    static const struct scan_suite cases[] = {
        {0x1301, "TLS_AES_128_GCM_SHA256", SCAN_EXCHANGE_TLS13, SCAN_AUTH_TLS13, SCAN_MODE_AEAD,
         128, false, false, false, false},
        {0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", SCAN_EXCHANGE_ECDHE, SCAN_AUTH_ECDSA,
         SCAN_MODE_AEAD, 256, false, false, false, false},
        {0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", SCAN_EXCHANGE_STATIC, SCAN_AUTH_RSA,
         SCAN_MODE_STREAM, 40, true, true, false, true},
        {0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", SCAN_EXCHANGE_DHE, SCAN_AUTH_RSA,
         SCAN_MODE_CBC, 40, true, false, true, false},
        {0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", SCAN_EXCHANGE_STATIC, SCAN_AUTH_RSA,
         SCAN_MODE_CBC, 112, false, false, true, false},
        {0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", SCAN_EXCHANGE_ANON, SCAN_AUTH_NONE,
         SCAN_MODE_STREAM, 128, false, false, false, true},
        {0x0001, "TLS_RSA_WITH_NULL_MD5", SCAN_EXCHANGE_STATIC, SCAN_AUTH_RSA, SCAN_MODE_NULL, 0,
         false, false, false, false},
        {0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", SCAN_EXCHANGE_ECDHE, SCAN_AUTH_RSA,
         SCAN_MODE_AEAD, 256, false, false, false, false},
    };
    struct scan_suite found;
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        assert_true(scan_suite_find(cases[i].code, &found));
        assert_string_equal(found.name, cases[i].name);
        assert_int_equal(found.exchange, cases[i].exchange);
        assert_int_equal(found.auth, cases[i].auth);
        assert_int_equal(found.mode, cases[i].mode);
        assert_int_equal(found.bits, cases[i].bits);
        assert_int_equal(found.is_export, cases[i].is_export);
        assert_int_equal(found.is_rsa_export, cases[i].is_rsa_export);
        assert_int_equal(found.is_block64, cases[i].is_block64);
        assert_int_equal(found.is_rc4, cases[i].is_rc4);
    }
    assert_false(scan_suite_find(0xFFFF, &found));
    assert_true(scan_suite_count() > 350 && scan_suite_count() < SCAN_SUITES_MAX);
    /* Every name could be taken apart: those without encryption say so. */
    for (size_t i = 0; i < scan_suite_count(); i++) {
        scan_suite_at(i, &found);
        bool is_null = strstr(found.name, "NULL") != NULL || strstr(found.name, "_SHA256_SHA") ||
                       strstr(found.name, "_SHA384_SHA");
        if ((found.bits == 0) != is_null) {
            fail_msg("%s has %u bits", found.name, found.bits);
        }
    }
}

/* --- judgement -----------------------------------------------------------------------------------
 */

static bool finds(const struct scan_judgement *j, enum finding_id id) {
    for (size_t i = 0; i < j->finding_count; i++) {
        if (j->findings[i].id == id) {
            return true;
        }
    }
    return false;
}

static void judge(struct scan_host *h, struct scan_judgement *out) {
    static const struct scan_verified none[SCAN_CHAINS_MAX];
    scan_judge(h, none, 1790000000000, out);
    for (size_t i = 1; i < out->finding_count; i++) {
        assert_true(finding_about(out->findings[i - 1].id)->severity <=
                    finding_about(out->findings[i].id)->severity);
    }
}

static void test_grades(void **state) {
    (void)state;
    struct server s = modern;
    PL_AUTO(scan_host_freep) struct scan_host *h = NULL;
    struct scan_judgement j;
    struct err e = {0};
    run(&s, &h);
    h->has_secure_renegotiation = FACT_YES;
    judge(h, &j);
    assert_int_equal(j.grade, GRADE_A);
    assert_int_equal(j.protocol_score, 100);
    assert_int_equal(j.cipher_score, 90);
    assert_ok(buf_append_string(&h->head,
                                "HTTP/1.1 200 OK\r\nX: y\r\nstrict-transport-security:  "
                                "max-age=31536000; preload\r\n\r\n",
                                &e),
              &e);
    assert_int_equal(scan_hsts_age_s(&h->head), 31536000);
    judge(h, &j);
    assert_int_equal(j.grade, GRADE_A_PLUS);
    h->dh_bits = 512;
    judge(h, &j);
    assert_true(finds(&j, FINDING_TINY_DH));
    assert_int_equal(j.grade, GRADE_F);
    h->dh_bits = 0;
    h->versions[1].is_spoken = FACT_YES; /* TLS 1.0 */
    judge(h, &j);
    assert_true(finds(&j, FINDING_OLD_VERSION));
    assert_int_equal(j.grade, GRADE_B);
    assert_int_equal(j.protocol_score, 95);
    h->versions[0].is_spoken = FACT_YES; /* SSL 3.0 */
    judge(h, &j);
    assert_int_equal(j.grade, GRADE_C);
    h->heartbleed = ANSWER_VULNERABLE;
    judge(h, &j);
    assert_int_equal(j.findings[0].id, FINDING_HEARTBLEED);
    assert_int_equal(j.grade, GRADE_F);
}

/* --- Bleichenbacher's attack ---------------------------------------------------------------------
 */

/* Alerts by block and by how often it was asked; the outcome. */
static enum answer_weakness run_robot_with(uint8_t (*react)(enum robot_block block, unsigned turn),
                                           bool asks_for_certificate, unsigned *out_rounds) {
    static const struct scan_target target = {.host = "www.example.com", .port = 443};
    PL_AUTO(scan_host_freep) struct scan_host *h = NULL;
    struct err e = {0};
    struct scan_ask ask;
    unsigned turn = 0;
    assert_ok(scan_host_new(&target, NULL, 0, NULL, false, &h, &e), &e);
    h->versions[3].is_spoken = FACT_YES;
    h->versions[3].suites[0] = 0x002F;
    h->versions[3].suites[1] = 0xC02F;
    h->versions[3].suite_count = 2;
    h->phase = 3;
    h->lanes[0] = (struct scan_lane){.kind = LANE_ROBOT};
    h->lane_count = 1;
    while (plan_next(h, &ask) == PLAN_ASK) {
        struct scan_answer a = {.end = ANSWER_COMPLETE, .has_hello = true, .reaction_len = 3};
        a.asks_for_certificate = asks_for_certificate;
        a.reaction[0] = 21;
        assert_int_equal(ask.kind, ASK_ROBOT);
        assert_int_equal(ask.suite_count, 1);
        assert_int_equal(ask.suites[0], 0x002F);
        assert_true(ask.has_finish);
        assert_int_equal(ask.block, turn % ROBOT_BLOCKS);
        a.reaction[2] = react(ask.block, turn / ROBOT_BLOCKS);
        turn++;
        assert_ok(plan_take(h, &ask, &a, NULL, &e), &e);
        assert_true(turn < 100);
    }
    *out_rounds = turn / ROBOT_BLOCKS;
    return h->robot[0].outcome;
}

static enum answer_weakness run_robot(uint8_t (*react)(enum robot_block block, unsigned turn),
                                      unsigned *out_rounds) {
    return run_robot_with(react, false, out_rounds);
}

static uint8_t always_alike(enum robot_block block, unsigned turn) {
    (void)block;
    return turn == 0 ? 20 : 51;
}

static uint8_t wants_a_certificate(enum robot_block block, unsigned turn) {
    (void)block, (void)turn;
    return 40;
}

static uint8_t tells(enum robot_block block, unsigned turn) {
    (void)turn;
    return block == ROBOT_WRONG_BEGIN ? 51 : 20;
}

static uint8_t slow_once(enum robot_block block, unsigned turn) {
    return turn == 0 && block == ROBOT_NO_ZERO ? 0 : 20;
}

static uint8_t anyhow(enum robot_block block, unsigned turn) {
    return block == ROBOT_RIGHT ? 20 : (uint8_t)turn;
}

static void test_robot(void **state) {
    (void)state;
    unsigned rounds = 0;
    assert_int_equal(run_robot(always_alike, &rounds), ANSWER_SAFE);
    assert_int_equal(rounds, 1);
    assert_int_equal(run_robot(tells, &rounds), ANSWER_VULNERABLE);
    assert_int_equal(rounds, 3);
    assert_int_equal(run_robot(slow_once, &rounds), ANSWER_SAFE);
    assert_int_equal(rounds, 2);
    assert_int_equal(run_robot(anyhow, &rounds), ANSWER_UNCLEAR);
    assert_int_equal(rounds, 6);
    assert_int_equal(run_robot(wants_a_certificate, &rounds), ANSWER_SAFE);
    assert_int_equal(run_robot_with(wants_a_certificate, true, &rounds), ANSWER_UNTESTED);
    assert_int_equal(run_robot_with(always_alike, true, &rounds), ANSWER_SAFE);
    assert_int_equal(run_robot_with(tells, true, &rounds), ANSWER_VULNERABLE);
}

static void test_robot_s_blocks(void **state) {
    (void)state;
    enum { LEN = 128, AT = LEN - 48 };
    struct err e = {0};
    uint32_t seed = 7;
    const struct observe_random random = {fixture_fill, &seed};
    for (unsigned kind = 0; kind < ROBOT_BLOCKS; kind++) {
        uint8_t b[LEN];
        unsigned zeros = 0;
        assert_ok(robot_make_block((enum robot_block)kind, 0x0303, &random, b, LEN, &e), &e);
        for (size_t i = 2; i < LEN; i++) {
            zeros += b[i] == 0;
        }
        assert_int_equal(b[0] << 8 | b[1], kind == ROBOT_WRONG_BEGIN ? 0x4117 : 2);
        assert_int_equal(zeros, kind == ROBOT_NO_ZERO ? 0 : 1);
        assert_int_equal(b[AT - 1] == 0, kind != ROBOT_NO_ZERO && kind != ROBOT_WRONG_PLACE);
        assert_int_equal(b[LEN - 2] == 0, kind == ROBOT_WRONG_PLACE);
        if (b[AT - 1] == 0) {
            assert_int_equal(b[AT] << 8 | b[AT + 1], kind == ROBOT_WRONG_VERSION ? 0x0202 : 0x0303);
        }
    }
    uint8_t small[63];
    assert_fails(robot_make_block(ROBOT_RIGHT, 0x0303, &random, small, sizeof(small), &e), &e,
                 ERR_BASE_LIMIT);
}

/* Who does not know RFC 5746 counts as vulnerable unless it was seen to refuse. */
static void test_renegotiation(void **state) {
    (void)state;
    static const struct {
        enum fact knows, by_rfc, before;
        bool is_insecure, is_ignorant, is_busy;
        enum grade grade;
    } cases[] = {
        {FACT_YES, FACT_NO, FACT_NO, false, false, false, GRADE_A},
        {FACT_YES, FACT_YES, FACT_NO, false, false, true, GRADE_A},
        {FACT_YES, FACT_YES, FACT_YES, true, false, true, GRADE_F},
        {FACT_NO, FACT_UNKNOWN, FACT_YES, true, false, false, GRADE_F},
        {FACT_NO, FACT_UNKNOWN, FACT_UNKNOWN, true, false, false, GRADE_F},
        {FACT_NO, FACT_UNKNOWN, FACT_NO, false, true, false, GRADE_A_MINUS},
    };
    struct server s = modern;
    PL_AUTO(scan_host_freep) struct scan_host *h = NULL;
    struct scan_judgement j;
    run(&s, &h);
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        h->has_secure_renegotiation = cases[i].knows;
        h->renegotiates = cases[i].by_rfc;
        h->renegotiates_insecurely = cases[i].before;
        judge(h, &j);
        assert_int_equal(finds(&j, FINDING_INSECURE_RENEGOTIATION), cases[i].is_insecure);
        assert_int_equal(finds(&j, FINDING_NO_SECURE_RENEGOTIATION), cases[i].is_ignorant);
        assert_int_equal(finds(&j, FINDING_CLIENT_RENEGOTIATION), cases[i].is_busy);
        assert_int_equal(j.grade, cases[i].grade);
    }
}

/* Each suite with its finding, alone on a server. */
static void test_suites_that_are_found_fault_with(void **state) {
    (void)state;
    static const struct {
        uint16_t suite;
        enum finding_id finding;
    } cases[] = {{0x0001, FINDING_NULL_SUITE},
                 {0x0018, FINDING_ANONYMOUS},
                 {0x0003, FINDING_EXPORT_RSA},
                 {0x0014, FINDING_EXPORT_DH},
                 {0x002A, FINDING_EXPORT},
                 {0x0009, FINDING_WEAK_SUITE},
                 {0x0005, FINDING_RC4},
                 {0x000A, FINDING_BLOCK64},
                 {0x002F, FINDING_NO_AEAD},
                 {0x009C, FINDING_NO_FORWARD_SECRECY},
                 {0x002F, FINDING_NO_FORWARD_SECRECY}};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct server s = {.versions = {WIRE_TLS12},
                           .suites = {cases[i].suite},
                           .groups = {0x0017},
                           .schemes = {0x0401},
                           .nothing = ANSWER_ALERT};
        PL_AUTO(scan_host_freep) struct scan_host *h = NULL;
        struct scan_judgement j;
        run(&s, &h);
        assert_int_equal(scan_host_version(h, WIRE_TLS12)->suite_count, 1);
        judge(h, &j);
        assert_true(finds(&j, cases[i].finding));
    }
}

/* What a head may look like. */
static void test_fields_of_heads(void **state) {
    (void)state;
    static const struct {
        const char *head;
        int64_t age_s;
    } cases[] = {{"", -1},
                 {"HTTP/1.1 200 OK\r\n\r\nStrict-Transport-Security: max-age=5", -1},
                 {"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=\"7\"\r\n\r\n", 7},
                 {"HTTP/1.1 200 OK\nStrict-Transport-Security:max-age = 9\n\n", 9},
                 {"HTTP/1.1 200 OK\r\nStrict-Transport-Security: includeSubDomains\r\n\r\n", -1},
                 {"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=x\r\n\r\n", -1},
                 {"HTTP/1.1 200 OK\r\nStrict-Transport-Securit: max-age=1\r\n\r\n", -1},
                 {"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=99999999999999999999\r\n",
                  INT32_MAX}};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        PL_AUTO(buf_clear) struct buf head = {.max = 1000};
        struct err e = {0};
        assert_ok(buf_append_string(&head, cases[i].head, &e), &e);
        assert_int_equal(scan_hsts_age_s(&head), cases[i].age_s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_modern_server),
        cmocka_unit_test(test_the_client_s_order),
        cmocka_unit_test(test_asks_that_are_lost_are_made_again),
        cmocka_unit_test(test_who_is_not_there),
        cmocka_unit_test(test_a_server_that_chooses_what_it_likes),
        cmocka_unit_test(test_suites),
        cmocka_unit_test(test_grades),
        cmocka_unit_test(test_robot),
        cmocka_unit_test(test_robot_s_blocks),
        cmocka_unit_test(test_renegotiation),
        cmocka_unit_test(test_suites_that_are_found_fault_with),
        cmocka_unit_test(test_fields_of_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
