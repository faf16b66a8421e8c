/*
 * City and state: do they stand in each other's field?
 *
 * ISO 3166-2 knows states, not cities. So "Texas" as city says something only where cities are
 * hardly ever called like states; the few that are, are listed. In most other countries provinces
 * bear the names of their capitals, and people write states in English ("Geneva", "Tuscany") where
 * ISO 3166-2 has the country's own languages: there it is a warning.
 */
#include "pki/request.h"

#include "base/str.h"
#include "codec/country.h"

#include <string.h>

static const char *const strict_countries[] = {"AU", "BR", "CA", "DE", "IN", "US"};

struct namesake {
    const char *country;
    const char *name; /* as ISO 3166-2 writes it */
};

/* States of those countries that are cities too, or whose capital has their name. */
static const struct namesake namesakes[] = {
    {"BR", "Rio de Janeiro"}, {"BR", "São Paulo"},  {"CA", "Quebec"},   {"DE", "Berlin"},
    {"DE", "Bremen"},         {"DE", "Hamburg"},    {"IN", "Delhi"},    {"IN", "Chandīgarh"},
    {"IN", "Puducherry"},     {"US", "Washington"}, {"US", "New York"},
};

static bool is_strict(const char *country) {
    for (size_t i = 0; i < PL_ARRAY_LEN(strict_countries); i++) {
        if (str_equal_nocase(strict_countries[i], country)) {
            return true;
        }
    }
    return false;
}

static bool is_namesake(const char *country, const char *name) {
    for (size_t i = 0; i < PL_ARRAY_LEN(namesakes); i++) {
        if (str_equal_nocase(namesakes[i].country, country) && str_equal(namesakes[i].name, name)) {
            return true;
        }
    }
    return false;
}

static bool warn_about_state(const char *country, const char *state, struct list *warnings,
                             struct err *e) {
    const char *name = NULL;
    switch (country_find_subdivision(country, state, &name)) {
    case SUBDIVISION_NAME:
        return true;
    case SUBDIVISION_ABBREVIATION:
        return list_printf(warnings, e,
                           "the state \"%s\" is an abbreviation; CAs want it written out: %s",
                           state, name);
    case SUBDIVISION_NONE:
        break;
    }
    return !is_strict(country) ||
           list_printf(warnings, e, "\"%s\" is not a state of %s by ISO 3166-2; check its spelling",
                       state, country_name(country));
}

/* city is called like a state, state like none. */
static bool handle_swap(const char *country, const char *state, const char *city, const char *name,
                        struct list *warnings, struct err *e) {
    if (!is_strict(country) || is_namesake(country, name)) {
        return list_printf(
            warnings, e,
            "the city \"%s\" has the name of a state or province of %s, and the state \"%s\" is "
            "not known; check that they are not swapped",
            city, country_name(country), state);
    }
    (void)err_set(e, ERR_REQUEST_FIELD_SWAPPED,
                  "city and state look swapped: \"%s\" is a state of %s, \"%s\" is not", city,
                  country_name(country), state);
    return err_hint(e, "write city \"%.80s\" and state \"%.80s\"", state, name);
}

bool request_place_check(const char *country, const char *state, const char *city,
                         struct list *warnings, struct err *e) {
    const char *name = NULL;
    if (country == NULL || state == NULL || !country_is_code(country)) {
        return true;
    }
    bool is_city_a_state =
        city != NULL && country_find_subdivision(country, city, &name) != SUBDIVISION_NONE;
    const char *state_name = NULL;
    if (is_city_a_state &&
        country_find_subdivision(country, state, &state_name) == SUBDIVISION_NONE) {
        return handle_swap(country, state, city, name, warnings, e);
    }
    return warn_about_state(country, state, warnings, e);
}
