/* The tables that tools/make_countries writes; for codec/country.c alone. */
#ifndef PL_CODEC_COUNTRY_DATA_H
#define PL_CODEC_COUNTRY_DATA_H

#include <stddef.h>
#include <stdint.h>

/* A letter with marks, and what it is compared as: up to two of a…z, "" for a mark alone. */
struct country_letter {
    uint16_t code_point;
    char folded[3];
};

/* Texts are offsets into country_texts, each ended by NUL: pointers would be relocated, page by
 * page, in every process that starts. */
struct country_subdivision {
    uint32_t folded;
    uint32_t abbreviation; /* "TX"; "" when ISO 3166-2 has a number */
    uint32_t name;
};

struct country {
    char code[3];
    uint32_t name;
    uint32_t first_subdivision;
    uint32_t subdivision_count;
};

struct country_alias {
    uint32_t folded; /* alpha-3 code or name */
    char code[3];
};

extern const char country_texts[];

extern const struct country_letter country_letters[]; /* sorted */
extern const size_t country_letter_count;
extern const struct country_subdivision country_subdivisions[];
extern const struct country country_table[]; /* sorted by code */
extern const size_t country_table_count;
extern const struct country_alias country_aliases[];
extern const size_t country_alias_count;

#endif
