/*
 * The names of a request as people type them: checked field by field, made canonical, changed only
 * when all of them are right.
 */
#include "pki/request.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "codec/country.h"
#include "codec/hostname.h"

#include <string.h>

void request_names_clear(struct request_names *names) {
    dn_clear(&names->subject);
    san_list_clear(&names->sans);
}

/* --- texts --- */

/* What messages call the field. */
static const char *field_label(int nid) {
    switch (nid) {
    case NID_commonName:
        return "common name";
    case NID_organizationName:
        return "organization";
    case NID_organizationalUnitName:
        return "organizational unit";
    case NID_localityName:
        return "city";
    case NID_stateOrProvinceName:
        return "state";
    case NID_countryName:
        return "country";
    case NID_pkcs9_emailAddress:
        return "e-mail address";
    default:
        return OBJ_nid2ln(nid);
    }
}

static bool trim(const char *typed, char **out_text, struct err *e) {
    while (str_is_space(*typed)) {
        typed++;
    }
    size_t len = strlen(typed);
    while (len > 0 && str_is_space(typed[len - 1])) {
        len--;
    }
    void *copy = NULL;
    if (!mem_dup(typed, len, &copy, e)) {
        return false;
    }
    *out_text = copy;
    return true;
}

/* C0, C1, and what hides or turns around the text beside it. */
static bool is_forbidden(uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

/* Letters of any script count, "-" and "." do not. */
static bool is_content(uint32_t c) {
    return c >= 0x80 || str_is_alpha((char)c) || str_is_digit((char)c);
}

static bool check_characters(int nid, const char *text, struct err *e) {
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);
    bool has_content = false;
    while (left > 0) {
        uint32_t c = 0;
        size_t used = utf8_char(at, left, &c);
        if (used == 0) {
            return err_set(e, ERR_REQUEST_FIELD_INVALID, "the %s is not UTF-8 text",
                           field_label(nid));
        }
        if (is_forbidden(c)) {
            return err_set(e, ERR_REQUEST_FIELD_INVALID,
                           "the %s holds an invisible character (U+%04X)", field_label(nid),
                           (unsigned)c);
        }
        has_content = has_content || is_content(c);
        at += used;
        left -= used;
    }
    if (!has_content) {
        (void)err_set(e, ERR_REQUEST_FIELD_INVALID, "the %s \"%.64s\" says nothing",
                      field_label(nid), text);
        return err_hint(e, "leave a field out rather than filling it with a dash or a dot");
    }
    return true;
}

static bool check_length(int nid, const char *text, struct err *e) {
    size_t max = nid == NID_pkcs9_emailAddress ? REQUEST_EMAIL_MAX : REQUEST_FIELD_MAX;
    if (strlen(text) <= max) {
        return true;
    }
    (void)err_set(e, ERR_REQUEST_FIELD_TOO_LONG, "the %s \"%.64s...\" is longer than %zu bytes",
                  field_label(nid), text, max);
    if (nid == NID_commonName) {
        return err_hint(e,
                        "leave the common name out and give the name as subject alternative name");
    }
    return err_hint(
        e, "certificates hold at most %zu bytes there; letters with accents take two or more", max);
}

/* What openssl, keytool and others write when nobody answers their question. */
static bool is_placeholder(const char *text) {
    static const char *const placeholders[] = {"Some-State",
                                               "Internet Widgits Pty Ltd",
                                               "Default City",
                                               "Default Company Ltd",
                                               "Default Company",
                                               "Unknown",
                                               "SomeState",
                                               "SomeCity",
                                               "SomeOrganization",
                                               "SomeOrganizationalUnit",
                                               "N/A",
                                               "none",
                                               "null",
                                               "test"};
    for (size_t i = 0; i < PL_ARRAY_LEN(placeholders); i++) {
        if (str_equal_nocase(text, placeholders[i])) {
            return true;
        }
    }
    return false;
}

/* --- fields of their own kind --- */

static bool check_country(char *code, struct err *e) {
    if (country_is_code(code)) {
        for (char *c = code; *c != '\0'; c++) {
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        }
        return true;
    }
    (void)err_set(e, ERR_REQUEST_COUNTRY, "\"%.64s\" is not a two-letter country code", code);
    const char *suggested = country_suggest(code);
    return suggested != NULL ? err_hint(e, "write %s for %s", suggested, country_name(suggested))
                             : err_hint(e, "use the code of ISO 3166-1, such as US, DE or IN");
}

static bool check_email(const char *address, struct err *e) {
    const char *at = strrchr(address, '@');
    bool is_right = at != NULL && at != address && at[1] != '\0' && str_is_ascii(address) &&
                    strpbrk(address, " ,;<>()") == NULL && strchr(address, '@') == at;
    if (is_right) {
        return true;
    }
    (void)err_set(e, ERR_REQUEST_FIELD_INVALID, "\"%.200s\" is not an e-mail address", address);
    return err_hint(e, "write it as name@example.com");
}

/* The host name or address in its canonical form. */
static bool canonical_common_name(char **value, struct err *e) {
    PL_AUTO(san_list_clear) struct san_list sans = {0};
    char *canonical = NULL;
    if (!san_list_add_typed(&sans, *value, e)) {
        return err_wrap(e, "the common name is not right");
    }
    if (!mem_strdup(sans.items[0].text, &canonical, e)) {
        return false;
    }
    mem_free(*value);
    *value = canonical;
    return true;
}

static bool check_kind(int nid, char **value, struct list *warnings, struct err *e) {
    switch (nid) {
    case NID_countryName:
    case NID_jurisdictionCountryName:
        return check_country(*value, e);
    case NID_pkcs9_emailAddress:
        return check_email(*value, e);
    case NID_commonName:
        return canonical_common_name(value, e);
    default:
        return !is_placeholder(*value) ||
               list_printf(warnings, e, "the %s \"%s\" looks like a tool's placeholder",
                           field_label(nid), *value);
    }
}

bool request_field_check(int nid, const char *typed, char **out_value, struct list *warnings,
                         struct err *e) {
    PL_AUTO(mem_freep) char *value = NULL;
    if (!trim(typed, &value, e)) {
        return false;
    }
    if (value[0] == '\0') {
        return err_set(e, ERR_REQUEST_FIELD_INVALID, "the %s is blank", field_label(nid));
    }
    /* a common name is checked first: its canonical form is the one that has to fit */
    bool ok = nid == NID_commonName
                  ? check_kind(nid, &value, warnings, e) && check_length(nid, value, e)
                  : check_characters(nid, value, e) && check_length(nid, value, e) &&
                        check_kind(nid, &value, warnings, e);
    if (!ok) {
        return false;
    }
    *out_value = PL_TAKE(value);
    return true;
}

/* --- all of them --- */

static bool may_repeat(int nid) {
    return nid == NID_organizationalUnitName || nid == NID_domainComponent || nid == NID_undef;
}

static bool check_part(const struct dn_part *part, struct dn *checked, struct list *warnings,
                       struct err *e) {
    if (!may_repeat(part->nid) && dn_get(checked, part->nid) != NULL) {
        return err_set(e, ERR_REQUEST_FIELD_INVALID, "the %s is given twice",
                       field_label(part->nid));
    }
    if (part->nid == NID_undef) {
        return err_set(e, ERR_REQUEST_FIELD_INVALID,
                       "the subject has a field of the unknown type %.64s", part->oid);
    }
    PL_AUTO(mem_freep) char *value = NULL;
    return request_field_check(part->nid, part->value, &value, warnings, e) &&
           dn_add(checked, part->nid, value, e);
}

static bool check_subject(const struct dn *subject, struct dn *checked, struct list *warnings,
                          struct err *e) {
    for (size_t i = 0; i < subject->count; i++) {
        if (!check_part(&subject->parts[i], checked, warnings, e)) {
            return false;
        }
    }
    return request_place_check(dn_get(checked, NID_countryName),
                               dn_get(checked, NID_stateOrProvinceName),
                               dn_get(checked, NID_localityName), warnings, e);
}

static bool check_san(const struct san *san, struct san_list *checked, struct err *e) {
    switch (san->kind) {
    case SAN_DNS:
    case SAN_IP:
        return san_list_add_typed(checked, san->text, e);
    case SAN_EMAIL:
        return check_email(san->text, e) && san_list_add(checked, san->kind, san->text, e);
    case SAN_URI:
        return san_list_add(checked, san->kind, san->text, e);
    case SAN_OTHER:
        break;
    }
    return err_set(e, ERR_PKI_NAME_INVALID, "\"%.200s\" cannot be asked for in a request",
                   san->text);
}

static bool check_sans(const struct request_names *names, const char *common_name,
                       struct san_list *checked, struct err *e) {
    if (common_name == NULL && names->sans.count == 0) {
        (void)err_set(e, ERR_PKI_NAME_INVALID, "the request has no host name");
        return err_hint(e, "give at least the host name that people type, such as www.example.com");
    }
    if (common_name != NULL && !san_list_has(&names->sans, SAN_DNS, common_name) &&
        !san_list_has(&names->sans, SAN_IP, common_name) &&
        !san_list_add_typed(checked, common_name, e)) {
        return false;
    }
    for (size_t i = 0; i < names->sans.count; i++) {
        if (!check_san(&names->sans.items[i], checked, e)) {
            return false;
        }
    }
    return true;
}

/* with is empty afterwards. */
static void replace(struct request_names *names, struct request_names *with) {
    request_names_clear(names);
    *names = *with;
    *with = (struct request_names){0};
}

static bool warn_about_suffixes(const struct san_list *sans, struct list *warnings, struct err *e) {
    for (size_t i = 0; i < sans->count; i++) {
        const struct san *san = &sans->items[i];
        if (san->kind == SAN_DNS && hostname_is_public_suffix(san->text) &&
            !list_printf(warnings, e,
                         "\"%s\" is a public suffix, under which others have their names; no "
                         "public CA issues for it",
                         san->text)) {
            return false;
        }
    }
    return true;
}

const char *request_common_name(const char *first_name) {
    return strlen(first_name) <= REQUEST_FIELD_MAX ? first_name : NULL;
}

bool request_names_check(struct request_names *names, struct list *warnings, struct err *e) {
    PL_AUTO(request_names_clear) struct request_names checked = {0};
    if (!check_subject(&names->subject, &checked.subject, warnings, e) ||
        !check_sans(names, dn_get(&checked.subject, NID_commonName), &checked.sans, e) ||
        !warn_about_suffixes(&checked.sans, warnings, e)) {
        return false;
    }
    replace(names, &checked);
    return true;
}
