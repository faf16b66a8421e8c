/* ca/lifetime: dates around each change of the rules, wishes, and the issuer's end. */
#include "unit.h"

#include "ca/lifetime.h"

#include "base/clock.h"

#define DAY CLOCK_DAY_MS
#define NOW INT64_C(1795464900000) /* 2026-11-23T20:15:00Z */

struct scene {
    struct cert certificate; /* dates alone */
    struct ca_issuer issuer;
    struct list notices;
};

static void scene_init(struct scene *scene, int64_t now_ms) {
    *scene = (struct scene){
        .certificate = {.not_before_ms = now_ms - 30 * DAY, .not_after_ms = now_ms + 1000 * DAY}};
    scene->issuer = (struct ca_issuer){
        .certificate = &scene->certificate, .crl_shard_count = 1, .backdate_ms = CA_BACKDATE_MS};
    list_init(&scene->notices, 10);
}

static void scene_clear(struct scene *scene) {
    list_clear(&scene->notices);
}

static bool leaf(struct scene *scene, enum ca_profile_id profile, struct ca_lifetime_wish wish,
                 int64_t now_ms, struct ca_validity *out, struct err *e) {
    return ca_lifetime_leaf(ca_profile_get(profile), &wish, &scene->issuer, now_ms, out,
                            &scene->notices, e);
}

static int64_t at(const char *date) {
    struct err e = {0};
    int64_t time_ms = 0;
    assert_ok(clock_parse(date, &time_ms, &e), &e);
    return time_ms;
}

/* Both ends count. */
static int64_t length_ms(const struct ca_validity *validity) {
    return validity->not_after_ms - validity->not_before_ms + CLOCK_SECOND_MS;
}

static void test_public_lifetime_by_the_second_of_issue(void **state) {
    (void)state;
    static const struct {
        const char *now;
        int days;
    } dates[] = {
        {"2025-01-01T00:00:00Z", 397}, {"2026-03-14T23:59:59Z", 397}, {"2026-03-15T00:00:00Z", 199},
        {"2026-03-15T00:00:01Z", 199}, {"2027-03-14T23:59:59Z", 199}, {"2027-03-15T00:00:00Z", 99},
        {"2027-03-15T00:00:01Z", 99},  {"2029-03-14T23:59:59Z", 99},  {"2029-03-15T00:00:00Z", 46},
        {"2029-03-15T00:00:01Z", 46},  {"2040-01-01T00:00:00Z", 46}};
    for (size_t i = 0; i < PL_ARRAY_LEN(dates); i++) {
        struct err e = {0};
        struct ca_validity validity;
        PL_AUTO(scene_clear) struct scene scene;
        int64_t now_ms = at(dates[i].now);
        scene_init(&scene, now_ms);
        assert_ok(
            leaf(&scene, CA_PROFILE_SERVER, (struct ca_lifetime_wish){0}, now_ms, &validity, &e),
            &e);
        assert_int_equal(length_ms(&validity), dates[i].days * DAY);
        assert_int_equal(validity.not_before_ms, now_ms - CLOCK_HOUR_MS);
        assert_int_equal(scene.notices.count, 0);
    }
}

static void test_internal_lifetime_has_its_own_default_and_maximum(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    assert_ok(leaf(&scene, CA_PROFILE_INTERNAL, (struct ca_lifetime_wish){0}, NOW, &validity, &e),
              &e);
    assert_int_equal(length_ms(&validity), 199 * DAY);
    assert_ok(leaf(&scene, CA_PROFILE_INTERNAL, (struct ca_lifetime_wish){.lifetime_ms = 825 * DAY},
                   NOW, &validity, &e),
              &e);
    assert_int_equal(length_ms(&validity), 825 * DAY);
    assert_int_equal(scene.notices.count, 0);
    assert_ok(leaf(&scene, CA_PROFILE_INTERNAL,
                   (struct ca_lifetime_wish){.lifetime_ms = 825 * DAY + 1000}, NOW, &validity, &e),
              &e);
    assert_int_equal(length_ms(&validity), 825 * DAY);
    assert_int_equal(scene.notices.count, 1);
}

static void test_shorter_wish_is_honoured_to_the_second(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    static const int64_t wishes[] = {CA_LIFETIME_MIN_MS, 7 * DAY, 90 * DAY, 199 * DAY};
    for (size_t i = 0; i < PL_ARRAY_LEN(wishes); i++) {
        struct ca_lifetime_wish wish = {.lifetime_ms = wishes[i], .is_exact = true};
        assert_ok(leaf(&scene, CA_PROFILE_SERVER, wish, NOW, &validity, &e), &e);
        assert_int_equal(length_ms(&validity), wishes[i]);
    }
    assert_int_equal(scene.notices.count, 0);
}

static void test_too_short_wish_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    struct ca_lifetime_wish wish = {.lifetime_ms = CA_LIFETIME_MIN_MS - CLOCK_SECOND_MS};
    assert_fails(leaf(&scene, CA_PROFILE_SERVER, wish, NOW, &validity, &e), &e,
                 ERR_CA_LIFETIME_TOO_SHORT);
    wish.lifetime_ms = -DAY;
    assert_fails(leaf(&scene, CA_PROFILE_SERVER, wish, NOW, &validity, &e), &e,
                 ERR_CA_LIFETIME_TOO_SHORT);
}

static void test_longer_wish_is_cut_and_said_or_refused(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    struct ca_lifetime_wish wish = {.lifetime_ms = 365 * DAY};
    assert_ok(leaf(&scene, CA_PROFILE_SERVER, wish, NOW, &validity, &e), &e);
    assert_int_equal(length_ms(&validity), 199 * DAY);
    assert_string_equal(scene.notices.items[0],
                        "valid for 199 days instead of 365 days (public certificates: "
                        "200 days from 2026-03-15, less one day of margin)");
    wish.is_exact = true;
    assert_fails(leaf(&scene, CA_PROFILE_SERVER, wish, NOW, &validity, &e), &e,
                 ERR_CA_LIFETIME_TOO_LONG);
    assert_string_equal(e.hint, "ask for 199 days or less");
    wish.lifetime_ms = INT64_MAX;
    assert_fails(leaf(&scene, CA_PROFILE_INTERNAL, wish, NOW, &validity, &e), &e,
                 ERR_CA_LIFETIME_TOO_LONG);
}

static void test_own_limit_narrows_and_never_widens(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    scene.issuer.leaf_lifetime_max_ms = 30 * DAY;
    assert_ok(leaf(&scene, CA_PROFILE_SERVER, (struct ca_lifetime_wish){0}, NOW, &validity, &e),
              &e);
    assert_int_equal(length_ms(&validity), 30 * DAY);
    assert_int_equal(scene.notices.count, 0);
    scene.issuer.leaf_lifetime_max_ms = 900 * DAY;
    assert_ok(leaf(&scene, CA_PROFILE_SERVER, (struct ca_lifetime_wish){.lifetime_ms = 900 * DAY},
                   NOW, &validity, &e),
              &e);
    assert_int_equal(length_ms(&validity), 199 * DAY);
}

static void test_leaf_never_outlives_its_issuer(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    int64_t end_ms = NOW - CLOCK_HOUR_MS + 199 * DAY - CLOCK_SECOND_MS;
    scene.certificate.not_after_ms = end_ms;
    assert_ok(leaf(&scene, CA_PROFILE_SERVER, (struct ca_lifetime_wish){0}, NOW, &validity, &e),
              &e);
    assert_int_equal(validity.not_after_ms, end_ms);
    assert_int_equal(scene.notices.count, 0);
    scene.certificate.not_after_ms = end_ms - CLOCK_SECOND_MS;
    assert_ok(leaf(&scene, CA_PROFILE_SERVER, (struct ca_lifetime_wish){0}, NOW, &validity, &e),
              &e);
    assert_int_equal(validity.not_after_ms, end_ms - CLOCK_SECOND_MS);
    assert_int_equal(scene.notices.count, 1);
    struct ca_lifetime_wish exact = {.lifetime_ms = 199 * DAY, .is_exact = true};
    assert_fails(leaf(&scene, CA_PROFILE_SERVER, exact, NOW, &validity, &e), &e,
                 ERR_CA_LIFETIME_TOO_LONG);
}

static void test_start_is_an_hour_back_or_what_the_issuer_says(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    scene.issuer.backdate_ms = 0;
    assert_ok(leaf(&scene, CA_PROFILE_SERVER, (struct ca_lifetime_wish){0}, NOW, &validity, &e),
              &e);
    assert_int_equal(validity.not_before_ms, NOW - CLOCK_HOUR_MS);
    scene.issuer.backdate_ms = CLOCK_MINUTE_MS;
    assert_ok(leaf(&scene, CA_PROFILE_SERVER, (struct ca_lifetime_wish){0}, NOW, &validity, &e),
              &e);
    assert_int_equal(validity.not_before_ms, NOW - CLOCK_MINUTE_MS);
    assert_int_equal(length_ms(&validity), 199 * DAY);
}

static void test_leaf_does_not_begin_before_its_issuer(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    scene.certificate.not_before_ms = NOW - 10 * CLOCK_MINUTE_MS;
    assert_ok(leaf(&scene, CA_PROFILE_SERVER, (struct ca_lifetime_wish){0}, NOW, &validity, &e),
              &e);
    assert_int_equal(validity.not_before_ms, NOW - 10 * CLOCK_MINUTE_MS);
    assert_int_equal(length_ms(&validity), 199 * DAY);
}

static void test_issuer_outside_its_own_time_issues_nothing(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    scene.certificate.not_after_ms = NOW - CLOCK_SECOND_MS;
    assert_fails(
        leaf(&scene, CA_PROFILE_INTERNAL, (struct ca_lifetime_wish){0}, NOW, &validity, &e), &e,
        ERR_CA_ISSUER_EXPIRED);
    scene.certificate.not_after_ms = NOW + CA_LIFETIME_MIN_MS - CLOCK_SECOND_MS;
    assert_fails(
        leaf(&scene, CA_PROFILE_INTERNAL, (struct ca_lifetime_wish){0}, NOW, &validity, &e), &e,
        ERR_CA_ISSUER_EXPIRED);
    scene.certificate.not_after_ms = NOW + CA_LIFETIME_MIN_MS;
    assert_ok(leaf(&scene, CA_PROFILE_INTERNAL, (struct ca_lifetime_wish){0}, NOW, &validity, &e),
              &e);
    scene.certificate.not_before_ms = NOW + CLOCK_SECOND_MS;
    assert_fails(
        leaf(&scene, CA_PROFILE_INTERNAL, (struct ca_lifetime_wish){0}, NOW, &validity, &e), &e,
        ERR_CA_ISSUER_NOT_YET_VALID);
}

static void test_times_are_whole_seconds(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    struct ca_lifetime_wish wish = {.lifetime_ms = 10 * DAY + 777};
    assert_ok(leaf(&scene, CA_PROFILE_SERVER, wish, NOW + 999, &validity, &e), &e);
    assert_int_equal(validity.not_before_ms, NOW - CLOCK_HOUR_MS);
    assert_int_equal(length_ms(&validity), 10 * DAY);
}

static void test_authorities_last_as_long_as_they_are_to(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_validity validity;
    PL_AUTO(scene_clear) struct scene scene;
    scene_init(&scene, NOW);
    assert_ok(ca_lifetime_authority(CA_ROOT_LIFETIME_MS, NULL, NOW, &validity, &e), &e);
    assert_int_equal(length_ms(&validity), CA_ROOT_LIFETIME_MS);
    assert_int_equal(validity.not_before_ms, NOW - CA_BACKDATE_MS);
    assert_ok(ca_lifetime_authority(CA_ISSUING_LIFETIME_MS, &scene.issuer, NOW, &validity, &e), &e);
    assert_int_equal(validity.not_after_ms, scene.certificate.not_after_ms);
    scene.certificate.not_after_ms = NOW;
    assert_fails(ca_lifetime_authority(CA_ISSUING_LIFETIME_MS, &scene.issuer, NOW, &validity, &e),
                 &e, ERR_CA_ISSUER_EXPIRED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_lifetime_by_the_second_of_issue),
        cmocka_unit_test(test_internal_lifetime_has_its_own_default_and_maximum),
        cmocka_unit_test(test_shorter_wish_is_honoured_to_the_second),
        cmocka_unit_test(test_too_short_wish_is_refused),
        cmocka_unit_test(test_longer_wish_is_cut_and_said_or_refused),
        cmocka_unit_test(test_own_limit_narrows_and_never_widens),
        cmocka_unit_test(test_leaf_never_outlives_its_issuer),
        cmocka_unit_test(test_start_is_an_hour_back_or_what_the_issuer_says),
        cmocka_unit_test(test_leaf_does_not_begin_before_its_issuer),
        cmocka_unit_test(test_issuer_outside_its_own_time_issues_nothing),
        cmocka_unit_test(test_times_are_whole_seconds),
        cmocka_unit_test(test_authorities_last_as_long_as_they_are_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
