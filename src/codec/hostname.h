/*
 * Host names: what people type made canonical, what certificates hold checked, and where a name
 * stands among the public suffixes.
 *
 * The canonical form is the one that goes on the wire: A-labels (IDNA 2008, UTS #46
 * non-transitional), lower case, no trailing dot. No I/O; the suffix list is the one built into
 * libpsl. Source: RFC 1123 §2.1, RFC 5890, UTS #46, RFC 9525 §6.3, publicsuffix.org
 */
#ifndef PL_CODEC_HOSTNAME_H
#define PL_CODEC_HOSTNAME_H

#include "base/compiler.h"
#include "base/err.h"

enum {
    HOSTNAME_LEN_MAX = 253,
    HOSTNAME_LABEL_MAX = 63,
    HOSTNAME_SIZE = HOSTNAME_LEN_MAX + 1,
    HOSTNAME_TYPED_MAX = 1024, /* bytes of UTF-8 */
    HOSTNAME_DISPLAY_SIZE = 1024
};

/*
 * A host name as typed, made canonical. A trailing dot is dropped. Not an address: ip_parse()
 * first; a name whose last label is a number is refused, as browsers read it as an IPv4 address.
 * Fails pki.name.invalid (a URL, port, e-mail address, underscore or space gets a hint),
 * pki.name.idn, pki.name.too_long, pki.name.wildcard, base.oom
 */
bool hostname_from_typed(const char *text, char out[HOSTNAME_SIZE], struct err *e) PL_MUST_USE;
/*
 * The same, and "*" may be the whole leftmost label, unless a public suffix or a single label
 * follows.
 */
bool hostname_pattern_from_typed(const char *text, char out[HOSTNAME_SIZE], struct err *e)
    PL_MUST_USE;

/*
 * True for letters, digits and hyphens in labels of legal length, not ending in a number; letters
 * in either case.
 */
bool hostname_is_valid(const char *name);
/* hostname_is_valid(), or "*." before such a name. */
bool hostname_is_valid_pattern(const char *name);
/* For a valid pattern: does it start with "*."? */
bool hostname_is_wildcard(const char *pattern);
bool hostname_is_single_label(const char *name);

/*
 * For people: A-labels as Unicode; a label that does not convert stays as it is. Works on patterns
 * too.
 */
void hostname_to_display(const char *name, char out[HOSTNAME_DISPLAY_SIZE]);

/*
 * RFC 9525 §6.3: equal, or the pattern's "*" stands for host's whole leftmost label. Both
 * canonical; letters in either case, trailing dot of host ignored.
 */
bool hostname_matches(const char *pattern, const char *host);

/*
 * True when name is itself a suffix in the ICANN section ("com", "co.uk"); an unlisted label is
 * none. Canonical name.
 */
bool hostname_is_public_suffix(const char *name);
/*
 * True when name, without a leading "*.", lies below a suffix that the ICANN section really lists:
 * it can exist in the public DNS. False for "server.internal", "localhost", "co.uk". Canonical
 * name.
 */
bool hostname_is_under_public_suffix(const char *name);

#endif
