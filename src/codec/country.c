/*
 * Country codes and subdivision names. Limits: texts above FOLDED_SIZE letters match nothing. Names
 * are those of ISO 3166-2, in the country's own languages: "Bayern" is found, "Bavaria" is not.
 */
#include "codec/country.h"

#include "base/str.h"
#include "base/utf8.h"
#include "codec/country_data.h"

#include <string.h>

enum { FOLDED_SIZE = 128 };

static const char *text_at(uint32_t offset) {
    return country_texts + offset;
}

/* What a character is compared as; "" for what is left out. */
static const char *fold_char(uint32_t c, char ascii[2]) {
    ascii[0] = c < 0x80 ? str_lower_char((char)c) : '\0';
    ascii[1] = '\0';
    if (c < 0x80) {
        return str_is_alpha(ascii[0]) || str_is_digit(ascii[0]) ? ascii : "";
    }
    size_t from = 0;
    size_t to = country_letter_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (country_letters[middle].code_point == c) {
            return country_letters[middle].folded;
        }
        if (country_letters[middle].code_point < c) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return "";
}

/* False when the text is empty then, too long or not UTF-8. */
static bool fold(const char *text, char out[FOLDED_SIZE]) {
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);
    size_t len = 0;
    while (left > 0) {
        uint32_t c = 0;
        char ascii[2];
        size_t used = utf8_char(at, left, &c);
        const char *folded = used == 0 ? "" : fold_char(c, ascii);
        size_t folded_len = strlen(folded);
        if (used == 0 || len + folded_len >= FOLDED_SIZE) {
            return false;
        }
        memcpy(out + len, folded, folded_len);
        len += folded_len;
        at += used;
        left -= used;
    }
    out[len] = '\0';
    return len > 0;
}

static const struct country *find_country(const char *code) {
    for (size_t i = 0; i < country_table_count; i++) {
        if (str_equal_nocase(country_table[i].code, code)) {
            return &country_table[i];
        }
    }
    return NULL;
}

bool country_is_code(const char *text) {
    return find_country(text) != NULL;
}

const char *country_name(const char *code) {
    const struct country *country = find_country(code);
    return country == NULL ? NULL : text_at(country->name);
}

const char *country_suggest(const char *text) {
    char folded[FOLDED_SIZE];
    if (!fold(text, folded)) {
        return NULL;
    }
    for (size_t i = 0; i < country_alias_count; i++) {
        if (str_equal(text_at(country_aliases[i].folded), folded)) {
            return country_aliases[i].code;
        }
    }
    return NULL;
}

/* --- subdivisions --- */

static enum subdivision_match match_folded(const struct country *country, const char *folded,
                                           const char **out_name) {
    const struct country_subdivision *rows = country_subdivisions + country->first_subdivision;
    for (size_t i = 0; i < country->subdivision_count; i++) {
        bool is_name = str_equal(text_at(rows[i].folded), folded);
        if (is_name || str_equal_nocase(text_at(rows[i].abbreviation), folded)) {
            *out_name = text_at(rows[i].name);
            return is_name ? SUBDIVISION_NAME : SUBDIVISION_ABBREVIATION;
        }
    }
    return SUBDIVISION_NONE;
}

/* Words that people put around the name, as they are folded. */
static const char *const prefixes[] = {
    "stateof",     "thestateof",         "provinceof",     "regionof",
    "cantonof",    "commonwealthof",     "countyof",       "kanton",
    "cantonde",    "cantondu",           "freistaat",      "land",
    "estadode",    "estadodo",           "estadoda",       "provinciade",
    "provinciadi", "freieundhansestadt", "freiehansestadt"};
static const char *const suffixes[] = {"state",  "province",   "county",   "canton",
                                       "region", "prefecture", "territory"};

static bool is_named(const struct country *country, const char *folded, const char **out_name) {
    const char *name = NULL;
    if (match_folded(country, folded, &name) != SUBDIVISION_NAME) {
        return false;
    }
    *out_name = name;
    return true;
}

/* Without those words; only a name may stand between them. */
static enum subdivision_match match_bare(const struct country *country, const char *folded,
                                         const char **out_name) {
    for (size_t i = 0; i < PL_ARRAY_LEN(prefixes); i++) {
        if (str_starts_with(folded, prefixes[i]) &&
            is_named(country, folded + strlen(prefixes[i]), out_name)) {
            return SUBDIVISION_NAME;
        }
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(suffixes); i++) {
        char bare[FOLDED_SIZE];
        if (!str_ends_with(folded, suffixes[i])) {
            continue;
        }
        (void)str_copy(bare, strlen(folded) - strlen(suffixes[i]) + 1, folded);
        if (is_named(country, bare, out_name)) {
            return SUBDIVISION_NAME;
        }
    }
    return SUBDIVISION_NONE;
}

enum subdivision_match country_find_subdivision(const char *code, const char *text,
                                                const char **out_name) {
    const struct country *country = find_country(code);
    char folded[FOLDED_SIZE];
    if (country == NULL || !fold(text, folded)) {
        return SUBDIVISION_NONE;
    }
    enum subdivision_match match = match_folded(country, folded, out_name);
    return match == SUBDIVISION_NONE ? match_bare(country, folded, out_name) : match;
}
