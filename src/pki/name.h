/*
 * Names in requests and certificates: the subject's distinguished name and the subject alternative
 * names. Texts are UTF-8 as found (not yet escaped for any output).
 * Source: RFC 5280 §4.1.2.4, §4.2.1.6; RFC 4514 (text form).
 */
#ifndef PL_PKI_NAME_H
#define PL_PKI_NAME_H

#include "base/compiler.h"
#include "base/err.h"

#include <openssl/x509v3.h>

enum { DN_PARTS_MAX = 32, DN_VALUE_MAX = 1024, SAN_MAX = 1000, SAN_TEXT_MAX = 1024 };

struct dn_part {
    int nid;     /* NID_commonName …; NID_undef for types OpenSSL has no name for */
    char *oid;   /* dotted, only for NID_undef */
    char *value; /* UTF-8; "#" and hexadecimal DER when it is not text or holds a NUL */
};

/*
 * Relative names in the order of the encoding, those of several parts one after the other. Clear
 * works on a zeroed struct.
 */
struct dn {
    struct dn_part parts[DN_PARTS_MAX];
    size_t count;
};

void dn_clear(struct dn *dn);
/*
 * Appends; value is copied; an empty value (or NULL) is left out. Fails base.oom,
 * pki.name.too_many, pki.name.too_long.
 */
bool dn_add(struct dn *dn, int nid, const char *value, struct err *e) PL_MUST_USE;
/* First value of that type, borrowed; NULL when there is none. */
const char *dn_get(const struct dn *dn, int nid);
bool dn_copy(const struct dn *from, struct dn *out_dn, struct err *e) PL_MUST_USE;
/*
 * Any string type becomes UTF-8. Fails base.oom, pki.name.too_many, pki.name.too_long,
 * pki.name.invalid.
 */
bool dn_from_x509_name(const X509_NAME *name, struct dn *out_dn, struct err *e) PL_MUST_USE;
/*
 * Country names, serialNumber and dnQualifier as PrintableString, emailAddress and domainComponent
 * as IA5String, others UTF8String. Fails pki.name.invalid (characters that the type cannot hold),
 * base.oom.
 */
bool dn_to_x509_name(const struct dn *dn, X509_NAME **out_name, struct err *e) PL_MUST_USE;
/*
 * RFC 4514 text, most significant last ("CN=www.example.com,O=Example Inc.,C=US"); caller owns,
 * mem_free().
 */
bool dn_format(const struct dn *dn, char **out_text, struct err *e) PL_MUST_USE;

enum san_kind { SAN_DNS, SAN_IP, SAN_EMAIL, SAN_URI, SAN_OTHER };

struct san {
    enum san_kind kind;
    char *text; /* DNS, EMAIL, URI: as encoded, visible ASCII; IP: canonical text; OTHER: a
                   description */
};

struct san_list {
    struct san *items; /* owned */
    size_t count;
    size_t capacity;
};

void san_list_clear(struct san_list *list);
/*
 * Appends unless an equal one is there (DNS names in either case). Fails base.oom,
 * pki.name.too_many.
 */
bool san_list_add(struct san_list *list, enum san_kind kind, const char *text, struct err *e)
    PL_MUST_USE;
bool san_list_has(const struct san_list *list, enum san_kind kind, const char *text);
bool san_list_copy(const struct san_list *from, struct san_list *out_list, struct err *e)
    PL_MUST_USE;
/*
 * From a decoded subjectAltName; NULL gives an empty list. What is malformed (an address of three
 * bytes, a host name with a NUL, space or non-ASCII byte) becomes SAN_OTHER. Fails
 * pki.name.too_many, base.oom.
 */
bool san_list_from_general_names(const GENERAL_NAMES *names, struct san_list *out_list,
                                 struct err *e) PL_MUST_USE;
/*
 * The extension, critical or not; kinds DNS, IP, EMAIL, URI only, at least one. Fails
 * pki.name.invalid, base.oom.
 */
bool san_list_to_extension(const struct san_list *list, bool is_critical,
                           X509_EXTENSION **out_extension, struct err *e) PL_MUST_USE;
/* "www.example.com, 192.0.2.1"; caller owns, mem_free(). */
bool san_list_format(const struct san_list *list, char **out_text, struct err *e) PL_MUST_USE;

/*
 * One name as a user types it, checked and made canonical: host name (IDN to A-labels by libidn2,
 * lower case, wildcard only as the whole leftmost label and not directly above a public suffix or a
 * single label), or IPv4/IPv6 address (also in brackets). Spaces at the ends are dropped.
 * Single-label names and private addresses pass; the profile decides. Fails pki.name.invalid,
 * pki.name.idn, pki.name.wildcard, pki.name.too_long
 */
bool san_list_add_typed(struct san_list *list, const char *text, struct err *e) PL_MUST_USE;

#endif
