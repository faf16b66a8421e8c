/*
 * Host names over libidn2 and libpsl.
 *
 * All-ASCII names without A-labels do not go through libidn2: it refuses labels such as
 * "r3---sn-4g5e" that IDNA reserves but the DNS has. libidn2's own STD 3 switch is not used either:
 * it drops forbidden characters instead of refusing them.
 */
#include "codec/hostname.h"

#include "base/hex.h"
#include "base/str.h"
#include "base/utf8.h"

#include <idn2.h>
#include <libpsl.h>

#include <stdio.h>
#include <string.h>

/* --- grammar --- */

static bool is_ldh(char c) {
    return str_is_alpha(c) || str_is_digit(c) || c == '-';
}

static bool is_valid_label(const char *label, size_t len) {
    if (len == 0 || len > HOSTNAME_LABEL_MAX || label[0] == '-' || label[len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_ldh(label[i])) {
            return false;
        }
    }
    return true;
}

/* Decimal, or hexadecimal with 0x: the WHATWG URL standard's "ends in a number". */
static bool is_number(const char *label, size_t len) {
    bool is_hex = len >= 2 && label[0] == '0' && str_lower_char(label[1]) == 'x';
    for (size_t i = is_hex ? 2 : 0; i < len; i++) {
        if (is_hex ? hex_value(label[i]) < 0 : !str_is_digit(label[i])) {
            return false;
        }
    }
    return true;
}

bool hostname_is_valid(const char *name) {
    if (strlen(name) > HOSTNAME_LEN_MAX) {
        return false;
    }
    for (;;) {
        size_t len = strcspn(name, ".");
        if (!is_valid_label(name, len)) {
            return false;
        }
        if (name[len] == '\0') {
            return !is_number(name, len);
        }
        name += len + 1;
    }
}

bool hostname_is_wildcard(const char *pattern) {
    return str_starts_with(pattern, "*.");
}

bool hostname_is_valid_pattern(const char *name) {
    return strlen(name) <= HOSTNAME_LEN_MAX &&
           hostname_is_valid(hostname_is_wildcard(name) ? name + 2 : name);
}

bool hostname_is_single_label(const char *name) {
    return strchr(name, '.') == NULL;
}

/* --- what people type --- */

static bool has_a_label(const char *name) {
    for (; name != NULL; name = strchr(name, '.')) {
        name += *name == '.' ? 1 : 0;
        if (str_lower_char(name[0]) == 'x' && str_lower_char(name[1]) == 'n' &&
            str_starts_with(name + 2, "--")) {
            return true;
        }
    }
    return false;
}

static bool say_too_long(const char *text, struct err *e) {
    (void)err_set(e, ERR_PKI_NAME_TOO_LONG, "\"%.80s%s\" is too long for a host name", text,
                  strlen(text) > 80 ? "..." : "");
    return err_hint(e, "a host name has at most %d characters, each label between dots at most %d",
                    HOSTNAME_LEN_MAX, HOSTNAME_LABEL_MAX);
}

static bool say_idn_failed(const char *text, int result, struct err *e) {
    switch (result) {
    case IDN2_MALLOC:
        return err_set(e, ERR_BASE_OOM, "out of memory");
    case IDN2_TOO_BIG_DOMAIN:
    case IDN2_TOO_BIG_LABEL:
    case IDN2_PUNYCODE_BIG_OUTPUT:
        return say_too_long(text, e);
    default:
        return err_set(e, ERR_PKI_NAME_IDN, "\"%.200s\" is not an international host name: %s",
                       text, idn2_strerror(result));
    }
}

/* Non-ASCII characters and A-labels through IDNA, the rest in lower case. */
static bool to_ascii(const char *text, char out[HOSTNAME_SIZE], struct err *e) {
    if (str_is_ascii(text) && !has_a_label(text)) {
        if (!str_copy(out, HOSTNAME_SIZE, text)) {
            return say_too_long(text, e);
        }
        str_lower(out);
        return true;
    }
    char *ascii = NULL;
    int result = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (result != IDN2_OK) {
        return say_idn_failed(text, result, e);
    }
    bool fits = str_copy(out, HOSTNAME_SIZE, ascii);
    idn2_free(ascii);
    return fits || say_too_long(text, e);
}

/* The usual slips, each with what to write instead. */
static bool hint_slip(const char *text, struct err *e) {
    const char *scheme = strstr(text, "://");
    const char *host = scheme == NULL ? text : scheme + 3;
    int host_len = (int)strcspn(host, "/:?#");
    if (scheme == NULL && strchr(text, ':') != strrchr(text, ':')) {
        return err_hint(e, "an IPv6 address is written as 2001:db8::1, without zone or port");
    }
    if (strchr(text, '@') != NULL) {
        return err_hint(e, "that is an e-mail address; give the host name of the site");
    }
    if (host_len > 0 && host_len <= HOSTNAME_LEN_MAX &&
        (scheme != NULL || strcspn(text, "/:") < strlen(text))) {
        return err_hint(e, "give the host name alone: %.*s", host_len, host);
    }
    if (strchr(text, '_') != NULL) {
        return err_hint(e, "certificates for host names cannot hold an underscore; use a hyphen");
    }
    if (strpbrk(text, " \t,;") != NULL) {
        return err_hint(e, "give one name at a time, without spaces");
    }
    return err_hint(
        e, "a host name looks like www.example.com: letters, digits and hyphens between dots");
}

static bool say_invalid(const char *typed, const char *ascii, struct err *e) {
    const char *last = strrchr(ascii, '.');
    last = last == NULL ? ascii : last + 1;
    if (last[0] != '\0' && is_number(last, strlen(last))) {
        (void)err_set(e, ERR_PKI_NAME_INVALID,
                      "\"%.200s\" ends in a number but is not an IP address", typed);
        return err_hint(e, "an IPv4 address is four numbers from 0 to 255, such as 192.0.2.1");
    }
    (void)err_set(e, ERR_PKI_NAME_INVALID, "\"%.200s\" is not a host name", typed);
    return hint_slip(typed, e);
}

static bool has_long_label(const char *name) {
    for (;;) {
        size_t len = strcspn(name, ".");
        if (len > HOSTNAME_LABEL_MAX) {
            return true;
        }
        if (name[len] == '\0') {
            return false;
        }
        name += len + 1;
    }
}

static bool check_canonical(const char *typed, const char *name, struct err *e) {
    if (hostname_is_valid(name)) {
        return true;
    }
    if (strchr(name, '*') != NULL) {
        (void)err_set(e, ERR_PKI_NAME_WILDCARD, "\"%.200s\" has a * where none can stand", typed);
        return err_hint(e, "a wildcard is the whole leftmost label, such as *.example.com");
    }
    if (has_long_label(name)) {
        return say_too_long(typed, e);
    }
    return say_invalid(typed, name, e);
}

bool hostname_from_typed(const char *text, char out[HOSTNAME_SIZE], struct err *e) {
    size_t len = strlen(text);
    if (len == 0) {
        return err_set(e, ERR_PKI_NAME_INVALID, "the host name is empty");
    }
    if (len > HOSTNAME_TYPED_MAX) {
        return say_too_long(text, e);
    }
    if (!utf8_is_valid(text, len)) {
        return err_set(e, ERR_PKI_NAME_INVALID, "\"%.200s\" is not UTF-8 text", text);
    }
    if (strpbrk(text, " /:@_,;") != NULL) {
        return say_invalid(text, text, e);
    }
    char name[HOSTNAME_SIZE];
    char bare[HOSTNAME_TYPED_MAX + 1];
    (void)str_copy(bare, sizeof(bare), text);
    if (len > 1 && bare[len - 1] == '.') {
        bare[len - 1] = '\0';
    }
    if (!to_ascii(bare, name, e) || !check_canonical(text, name, e)) {
        return false;
    }
    (void)str_copy(out, HOSTNAME_SIZE, name);
    return true;
}

/* Everything directly below it belongs to different people, or to no one that a browser knows. */
static bool is_too_wide(const char *base) {
    return hostname_is_single_label(base) || hostname_is_public_suffix(base);
}

bool hostname_pattern_from_typed(const char *text, char out[HOSTNAME_SIZE], struct err *e) {
    if (!hostname_is_wildcard(text)) {
        return hostname_from_typed(text, out, e);
    }
    char base[HOSTNAME_SIZE];
    if (!hostname_from_typed(text + 2, base, e)) {
        return false;
    }
    if (is_too_wide(base)) {
        (void)err_set(e, ERR_PKI_NAME_WILDCARD, "\"%.200s\" would cover everything under \"%s\"",
                      text, base);
        return err_hint(
            e, "browsers do not accept it; give one below a domain of your own, such as *.shop.%s",
            base);
    }
    if (strlen(base) + 2 > HOSTNAME_LEN_MAX) {
        return say_too_long(text, e);
    }
    (void)snprintf(out, HOSTNAME_SIZE, "*.%.*s", HOSTNAME_LEN_MAX - 2, base);
    return true;
}

/* --- for people --- */

static void display_label(const char *label, size_t len, char out[HOSTNAME_DISPLAY_SIZE]) {
    char ascii[HOSTNAME_SIZE];
    (void)snprintf(ascii, sizeof(ascii), "%.*s", (int)len, label);
    char *unicode = NULL;
    if (has_a_label(ascii) && idn2_to_unicode_8z8z(ascii, &unicode, 0) == IDN2_OK) {
        (void)str_copy(out, HOSTNAME_DISPLAY_SIZE, unicode);
    } else {
        (void)str_copy(out, HOSTNAME_DISPLAY_SIZE, ascii);
    }
    idn2_free(unicode);
}

void hostname_to_display(const char *name, char out[HOSTNAME_DISPLAY_SIZE]) {
    size_t out_len = 0;
    out[0] = '\0';
    for (;;) {
        size_t len = strcspn(name, ".");
        char label[HOSTNAME_DISPLAY_SIZE];
        display_label(name, len, label);
        size_t label_len = strlen(label);
        if (out_len + label_len + 2 > HOSTNAME_DISPLAY_SIZE) {
            return;
        }
        memcpy(out + out_len, label, label_len + 1);
        out_len += label_len;
        if (name[len] == '\0') {
            return;
        }
        out[out_len++] = '.';
        out[out_len] = '\0';
        name += len + 1;
    }
}

/* --- matching and suffixes --- */

bool hostname_matches(const char *pattern, const char *host) {
    char bare[HOSTNAME_SIZE + 1];
    if (!str_copy(bare, sizeof(bare), host)) {
        return false;
    }
    size_t len = strlen(bare);
    if (len > 1 && bare[len - 1] == '.') {
        bare[len - 1] = '\0';
    }
    if (!hostname_is_wildcard(pattern)) {
        return str_equal_nocase(pattern, bare);
    }
    const char *dot = strchr(bare, '.');
    return dot != NULL && dot != bare && str_equal_nocase(pattern + 1, dot);
}

static bool is_listed(const char *name) {
    return psl_is_public_suffix2(psl_builtin(), name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

bool hostname_is_public_suffix(const char *name) {
    return is_listed(name);
}

bool hostname_is_under_public_suffix(const char *name) {
    const char *base = hostname_is_wildcard(name) ? name + 2 : name;
    if (is_listed(base)) {
        return false;
    }
    for (const char *dot = strchr(base, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        if (is_listed(dot + 1)) {
            return true;
        }
    }
    return false;
}
