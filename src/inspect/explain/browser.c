/* Which page a browser shows: the first of its rules that applies, its words filled in. */
#include "inspect/explain/browser.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "inspect/explain/browser_rules.h"
#include "pki/cert_facts.h"
#include "pki/ocsp.h"
#include "pki/policy_clock.h"

#include <stdio.h>
#include <string.h>

enum { HTTPS_PORT = 443, SHORT_RSA_BITS = 1024, VALUE_MAX = 640 };

const char *browser_name(enum browser browser) {
    return browser_kinds[browser].name;
}

const char *browser_outcome_text(enum browser_outcome outcome) {
    static const char *const texts[] = {
        [BROWSER_SHOWN] = "shown", [BROWSER_WARNED] = "warning", [BROWSER_REFUSED] = "refused"};
    return texts[outcome];
}

/* --- what rules ask --- */

static bool has_fault(const struct browser_input *in, enum err_code code) {
    return verdict_fault(in->verdict, code) != NULL;
}

/* TLS 1.3, and every key exchange that browsers still offer, wants a signature by the key. */
static bool has_key_usage_fault(const struct browser_input *in) {
    X509 *leaf = in->input->leaf->x509;
    return (X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) != 0 &&
           (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0;
}

static bool is_of_no_use_in_tls(const struct browser_input *in) {
    return has_key_usage_fault(in) && (X509_get_key_usage(in->input->leaf->x509) &
                                       (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)) == 0;
}

static bool has_mute_issuer(const struct browser_input *in) {
    const struct cert_list *chain = &in->verdict->chain;
    for (size_t i = 1; i < chain->count; i++) {
        if (!chain->items[i]->is_ca) {
            return false;
        }
    }
    return has_fault(in, ERR_VERIFY_NOT_A_CA);
}

static bool is_at_hand(const struct browser_input *in, const struct cert *cert) {
    return cert->is_self_signed ||
           (in->input->presented != NULL && cert_list_has(in->input->presented, cert)) ||
           (in->input->anchors != NULL && cert_list_has(in->input->anchors, cert));
}

/* The certificate whose issuer a browser would have to find; NULL: all were presented. */
static const struct cert *find_hole(const struct browser_input *in) {
    const struct cert_list *chain = &in->verdict->chain;
    for (size_t i = 1; i < chain->count; i++) {
        if (!is_at_hand(in, chain->items[i])) {
            return chain->items[i - 1];
        }
    }
    bool is_open = has_fault(in, ERR_VERIFY_INCOMPLETE_CHAIN);
    return is_open && chain->count > 0 ? chain->items[chain->count - 1] : NULL;
}

/* Where the browser can fetch the missing one; "" nowhere. */
static void find_address(const struct cert *hole, char out[VALUE_MAX]) {
    PL_AUTO(list_clear) struct list urls;
    list_init(&urls, CERT_FACTS_MAX);
    out[0] = '\0';
    if (hole != NULL && cert_addresses(hole, CERT_ADDRESS_ISSUER, &urls, NULL) && urls.count > 0) {
        (void)str_copy(out, VALUE_MAX, urls.items[0]);
    }
}

static bool has_lasting_hole(const struct browser_input *in) {
    char url[VALUE_MAX];
    const struct cert *hole = find_hole(in);
    find_address(hole, url);
    return hole != NULL && url[0] == '\0';
}

static bool is_too_long(const struct browser_input *in) {
    const struct cert *leaf = in->input->leaf;
    int64_t length_ms = leaf->not_after_ms + CLOCK_SECOND_MS - leaf->not_before_ms;
    unsigned days = policy_clock_at(leaf->not_before_ms)->validity_days_max;
    return in->is_public && length_ms > (int64_t)days * CLOCK_DAY_MS;
}

static bool common_name_fits(const struct browser_input *in) {
    const char *common_name = dn_get(&in->input->leaf->subject, NID_commonName);
    return common_name != NULL && in->input->host != NULL &&
           str_equal_nocase(common_name, in->input->host);
}

static bool says_revoked(const struct browser_input *in, const struct verify_ocsp *ocsp) {
    struct ocsp_state state;
    return ocsp->der != NULL && in->verdict->chain.count > 1 &&
           ocsp_state_read(ocsp->der, ocsp->len, in->input->leaf, in->verdict->chain.items[1],
                           &state, NULL) &&
           state.status == OCSP_REVOKED;
}

/* Chrome believes a staple and asks nobody; Firefox asks the responder itself. */
static bool is_revoked_by_ocsp(const struct browser_input *in, bool is_asking) {
    for (size_t i = 0; i < VERIFY_OCSP_MAX; i++) {
        const struct verify_ocsp *ocsp = &in->input->ocsp[i];
        if ((is_asking || ocsp->is_stapled) && says_revoked(in, ocsp)) {
            return true;
        }
    }
    return false;
}

static bool applies(const struct browser_input *in, const struct browser_rule *rule) {
    const struct key_spec *key = &in->input->leaf->key_spec;
    switch (rule->condition) {
    case WHEN_FAULT:
        return has_fault(in, rule->fault);
    case WHEN_STAPLED_REVOKED:
        return is_revoked_by_ocsp(in, false);
    case WHEN_OCSP_REVOKED:
        return is_revoked_by_ocsp(in, true);
    case WHEN_KEY_USAGE:
        return has_key_usage_fault(in);
    case WHEN_NO_TLS_KEY:
        return is_of_no_use_in_tls(in);
    case WHEN_USAGE:
        return has_fault(in, ERR_VERIFY_WRONG_USAGE) && !is_of_no_use_in_tls(in);
    case WHEN_NOT_SIGNER:
        return has_mute_issuer(in);
    case WHEN_HOLE:
        return has_lasting_hole(in);
    case WHEN_HOLE_ANYWAY:
        return find_hole(in) != NULL;
    case WHEN_SHORT_KEY:
        return key->family == KEY_RSA && key->bits < SHORT_RSA_BITS;
    case WHEN_NO_TIMESTAMPS:
        return in->is_public && !in->has_timestamps;
    case WHEN_TOO_LONG:
        return is_too_long(in);
    case WHEN_NO_STAPLE:
        return in->is_server && !in->has_staple && cert_wants_staple(in->input->leaf);
    case WHEN_NO_NAME_FITS:
        return has_fault(in, ERR_VERIFY_NO_NAMES) && !common_name_fits(in);
    }
    return false;
}

/* --- what texts are filled with --- */

struct day {
    int year;
    int month;
    int day;
    int minutes; /* since midnight */
    int weekday; /* 0 is Sunday */
};

static struct day day_of(int64_t time_ms) {
    char text[CLOCK_TEXT_LEN + 1];
    clock_format(time_ms, text);
    int64_t days = time_ms / CLOCK_DAY_MS - (time_ms % CLOCK_DAY_MS < 0 ? 1 : 0);
    const char *at = text;
    int numbers[5] = {0};
    for (size_t i = 0; i < PL_ARRAY_LEN(numbers); i++, at++) {
        while (str_is_digit(*at)) {
            numbers[i] = numbers[i] * 10 + (*at++ - '0');
        }
    }
    return (struct day){.year = numbers[0],
                        .month = numbers[1],
                        .day = numbers[2],
                        .minutes = numbers[3] * 60 + numbers[4],
                        .weekday = (int)(((days + 4) % 7 + 7) % 7)};
}

/* "11/26/2026", as Firefox writes it in English (United States) */
static void write_date(int64_t time_ms, char out[VALUE_MAX]) {
    struct day day = day_of(time_ms);
    (void)snprintf(out, VALUE_MAX, "%d/%d/%d", day.month, day.day, day.year);
}

/* "7:34 AM on 12/26/2026" */
static void write_moment(int64_t time_ms, const char *between, char out[VALUE_MAX]) {
    struct day day = day_of(time_ms);
    int hour = day.minutes / 60;
    (void)snprintf(out, VALUE_MAX, "%d:%02d %s%s%d/%d/%d", hour % 12 == 0 ? 12 : hour % 12,
                   day.minutes % 60, hour < 12 ? "AM" : "PM", between, day.month, day.day,
                   day.year);
}

/* "Thursday, November 26, 2026" */
static void write_weekday(int64_t time_ms, char out[VALUE_MAX]) {
    static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                           "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct day day = day_of(time_ms);
    (void)snprintf(out, VALUE_MAX, "%s, %s %d, %d", weekdays[day.weekday],
                   months[(day.month + 11) % 12], day.day, day.year);
}

static void write_names(const struct cert *leaf, size_t max, char out[VALUE_MAX]) {
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0, told = 0; i < leaf->sans.count && told < max && len < VALUE_MAX; i++) {
        const struct san *name = &leaf->sans.items[i];
        if (name->kind == SAN_DNS || name->kind == SAN_IP) {
            int more =
                snprintf(out + len, VALUE_MAX - len, "%s%s", told > 0 ? ", " : "", name->text);
            len += more > 0 ? (size_t)more : 0;
            told++;
        }
    }
}

/* Chrome rounds up, and has words for one day. */
static void write_ago(int64_t passed_ms, char out[VALUE_MAX]) {
    long long days = (long long)(passed_ms / CLOCK_DAY_MS) + 1;
    if (days == 1) {
        (void)str_copy(out, VALUE_MAX, "in the last day");
    } else {
        (void)snprintf(out, VALUE_MAX, "%lld days ago", days);
    }
}

static void write_ahead(int64_t left_ms, char out[VALUE_MAX]) {
    long long days = (long long)(left_ms / CLOCK_DAY_MS);
    if (days == 1) {
        (void)str_copy(out, VALUE_MAX, "tomorrow");
    } else {
        (void)snprintf(out, VALUE_MAX, "%lld days in the future", days);
    }
}

static void write_site(const struct browser_input *in, char out[VALUE_MAX]) {
    const char *host = in->input->host == NULL ? "the site" : in->input->host;
    if (in->port == 0 || in->port == HTTPS_PORT) {
        (void)snprintf(out, VALUE_MAX, "%.256s", host);
    } else {
        (void)snprintf(out, VALUE_MAX, "%.256s:%u", host, in->port);
    }
}

static void write_value(const struct browser_input *in, const char *name, char out[VALUE_MAX]) {
    const struct cert *leaf = in->input->leaf;
    int64_t at_ms = in->input->at_ms;
    out[0] = '\0';
    if (str_starts_with(name, "host}")) {
        (void)snprintf(out, VALUE_MAX, "%.256s",
                       in->input->host == NULL ? "the site" : in->input->host);
    } else if (str_starts_with(name, "site}")) {
        write_site(in, out);
    } else if (str_starts_with(name, "ago}")) {
        write_ago(at_ms - leaf->not_after_ms, out);
    } else if (str_starts_with(name, "ahead}")) {
        write_ahead(leaf->not_before_ms - at_ms, out);
    } else if (str_starts_with(name, "first}")) {
        write_names(leaf, 1, out);
    } else if (str_starts_with(name, "names}")) {
        write_names(leaf, SAN_MAX, out);
    } else if (str_starts_with(name, "end}")) {
        write_date(leaf->not_after_ms, out);
    } else if (str_starts_with(name, "start}")) {
        write_moment(leaf->not_before_ms, " on ", out);
    } else if (str_starts_with(name, "today}")) {
        write_date(at_ms, out);
    } else if (str_starts_with(name, "moment}")) {
        write_moment(at_ms, " ", out);
    } else if (str_starts_with(name, "weekday}")) {
        write_weekday(at_ms, out);
    }
}

/* What does not fit is cut; line ends in names become spaces. */
static void fill(const struct browser_input *in, const char *pattern, char *out, size_t size) {
    size_t len = 0;
    while (*pattern != '\0' && len + 1 < size) {
        char value[VALUE_MAX];
        if (*pattern != '{') {
            out[len++] = *pattern++;
            continue;
        }
        write_value(in, pattern + 1, value);
        size_t more = strlen(value);
        more = more < size - 1 - len ? more : size - 1 - len;
        memcpy(out + len, value, more);
        len += more;
        pattern += strcspn(pattern, "}") + 1;
    }
    out[len] = '\0';
    utf8_cut(out, size - 1);
    str_one_line(out);
}

/* --- views --- */

static void show_page(const struct browser_input *in, struct browser_view *view) {
    char url[VALUE_MAX];
    find_address(find_hole(in), url);
    view->code = "";
    view->title = "";
    if (url[0] != '\0') {
        (void)snprintf(view->note, sizeof(view->note),
                       "it fetches the certificate that was not presented from %.300s; where it "
                       "cannot, it warns",
                       url);
    } else if (in->verdict->faults.count > 0) {
        (void)snprintf(view->note, sizeof(view->note),
                       "it lets pass what this verification does not: %s",
                       in->verdict->faults.items[0].sentence);
    }
    str_one_line(view->note);
}

/* Internet Explorer has a line for each fault, each once. */
static void tell_all(const struct browser_input *in, const struct browser_kind *kind,
                     struct browser_view *view) {
    for (size_t i = 0; i < kind->rule_count; i++) {
        size_t len = strlen(view->detail);
        if (applies(in, &kind->rules[i]) && strstr(view->detail, kind->rules[i].detail) == NULL) {
            (void)snprintf(view->detail + len, sizeof(view->detail) - len, "%s%s",
                           len > 0 ? " " : "", kind->rules[i].detail);
        }
    }
}

static void tell_rule(const struct browser_input *in, const struct browser_kind *kind,
                      const struct browser_rule *rule, struct browser_view *view) {
    const struct browser_page *page = browser_page_of(rule->code);
    view->outcome = rule->outcome;
    view->fault = rule->fault;
    view->is_observed = rule->is_observed;
    view->code = rule->code;
    view->title = page == NULL ? kind->title : page->title;
    fill(in, page == NULL ? kind->text : page->text, view->text, sizeof(view->text));
    if (kind->is_telling_all) {
        tell_all(in, kind, view);
    } else {
        fill(in, rule->detail, view->detail, sizeof(view->detail));
    }
    if (rule->outcome == BROWSER_WARNED) {
        fill(in, kind->proceed, view->proceed, sizeof(view->proceed));
    }
}

void browser_tell(const struct browser_input *in, enum browser browser,
                  struct browser_view *out_view) {
    const struct browser_kind *kind = &browser_kinds[browser];
    *out_view = (struct browser_view){.browser = browser, .outcome = BROWSER_SHOWN};
    for (size_t i = 0; i < kind->rule_count; i++) {
        if (applies(in, &kind->rules[i])) {
            tell_rule(in, kind, &kind->rules[i], out_view);
            return;
        }
    }
    show_page(in, out_view);
}
