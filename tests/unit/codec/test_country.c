/* codec/country: ISO 3166 codes and subdivision names. */
#include "unit.h"

#include "codec/country.h"

static void test_codes_are_known_in_either_case(void **state) {
    (void)state;
    assert_true(country_is_code("US"));
    assert_true(country_is_code("de"));
    assert_false(country_is_code("XX"));
    assert_false(country_is_code("UK"));
    assert_false(country_is_code("USA"));
    assert_false(country_is_code(""));
    assert_string_equal(country_name("us"), "United States");
    assert_string_equal(country_name("DE"), "Germany");
    assert_null(country_name("XX"));
}

static void test_misnomers_lead_to_the_code(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"USA", "US"},       {"United States", "US"}, {"germany", "DE"}, {"Deutschland", "DE"},
        {"UK", "GB"},        {"Great Britain", "GB"}, {"Bolivia", "BO"}, {"Côte d'Ivoire", "CI"},
        {"österreich", "AT"}};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        assert_string_equal(country_suggest(cases[i][0]), cases[i][1]);
    }
    assert_null(country_suggest("Atlantis"));
    assert_null(country_suggest(""));
    assert_null(country_suggest("\xFF"));
}

struct subdivision_case {
    const char *country;
    const char *text;
    enum subdivision_match match;
    const char *name;
};

static void test_subdivisions_are_found_however_they_are_written(void **state) {
    (void)state;
    static const struct subdivision_case cases[] = {
        {"US", "Texas", SUBDIVISION_NAME, "Texas"},
        {"us", "TEXAS", SUBDIVISION_NAME, "Texas"},
        {"US", "TX", SUBDIVISION_ABBREVIATION, "Texas"},
        {"US", "tx", SUBDIVISION_ABBREVIATION, "Texas"},
        {"US", "State of Texas", SUBDIVISION_NAME, "Texas"},
        {"US", "New York State", SUBDIVISION_NAME, "New York"},
        {"US", "N.Y.", SUBDIVISION_ABBREVIATION, "New York"},
        {"US", "State of TX", SUBDIVISION_NONE, NULL},
        {"US", "Houston", SUBDIVISION_NONE, NULL},
        {"US", "Bayern", SUBDIVISION_NONE, NULL},
        {"DE", "Bayern", SUBDIVISION_NAME, "Bayern"},
        {"DE", "Freistaat Bayern", SUBDIVISION_NAME, "Bayern"},
        {"DE", "baden württemberg", SUBDIVISION_NAME, "Baden-Württemberg"},
        {"DE", "BADEN-WÜRTTEMBERG", SUBDIVISION_NAME, "Baden-Württemberg"},
        {"DE", "Baden-Wuerttemberg", SUBDIVISION_NAME, "Baden-Württemberg"},
        {"DE", "Baden-Wu\xCC\x88rttemberg", SUBDIVISION_NAME, "Baden-Württemberg"},
        {"CH", "Kanton Zürich", SUBDIVISION_NAME, "Zürich"},
        {"ES", "La Coruña", SUBDIVISION_NAME, "A Coruña"},
        {"ES", "A Coruna", SUBDIVISION_NAME, "A Coruña"},
        {"GB", "Cardiff", SUBDIVISION_NAME, "Cardiff"},
        {"GB", "England", SUBDIVISION_NAME, "England"},
        {"XX", "Texas", SUBDIVISION_NONE, NULL},
        {"US", "", SUBDIVISION_NONE, NULL},
        {"US", " . ", SUBDIVISION_NONE, NULL},
        {"US", "state", SUBDIVISION_NONE, NULL},
        {"US", "\xFFTexas", SUBDIVISION_NONE, NULL},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        const char *name = NULL;
        enum subdivision_match match =
            country_find_subdivision(cases[i].country, cases[i].text, &name);
        if (match != cases[i].match) {
            fail_msg("%s, %s: %d", cases[i].country, cases[i].text, (int)match);
        }
        if (cases[i].name == NULL) {
            assert_null(name);
        } else {
            assert_string_equal(name, cases[i].name);
        }
    }
}

static void test_long_texts_match_nothing(void **state) {
    (void)state;
    char text[1000];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    const char *name = NULL;
    assert_int_equal(country_find_subdivision("US", text, &name), SUBDIVISION_NONE);
    assert_null(country_suggest(text));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_are_known_in_either_case),
        cmocka_unit_test(test_misnomers_lead_to_the_code),
        cmocka_unit_test(test_subdivisions_are_found_however_they_are_written),
        cmocka_unit_test(test_long_texts_match_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
