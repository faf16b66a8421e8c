/*
 * Countries and their states, provinces, cantons: to check what people type into a request.
 *
 * Comparison drops case, marks, spaces and punctuation ("Zürich", "ZURICH" and "Zuerich" are one).
 * Pure functions over tables made at build time from Debian's iso-codes.
 * Source: ISO 3166-1 (alpha-2), ISO 3166-2
 */
#ifndef PL_CODEC_COUNTRY_H
#define PL_CODEC_COUNTRY_H

#include "base/compiler.h"

/* True for an assigned alpha-2 code, letters in either case. */
bool country_is_code(const char *text);
/* "United States"; NULL when code is none. */
const char *country_name(const char *code);
/*
 * The alpha-2 code for a country's name, alpha-3 code or usual misnomer ("USA", "Germany", "UK");
 * NULL when unknown.
 */
const char *country_suggest(const char *text);

enum subdivision_match { SUBDIVISION_NONE, SUBDIVISION_NAME, SUBDIVISION_ABBREVIATION };

/*
 * Is text a subdivision of that country, by name ("Texas", "State of Texas") or by code ("TX")?
 *
 * out_name  its name, borrowed; written on a match
 */
enum subdivision_match country_find_subdivision(const char *code, const char *text,
                                                const char **out_name);

#endif
