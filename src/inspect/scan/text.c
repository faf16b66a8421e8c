/* A listener's document as text. */
#include "inspect/scan/text.h"

#include "base/str.h"
#include "inspect/trace/paper.h"
#include "inspect/trace/told.h"

#include <stdio.h>
#include <string.h>

enum { BODY = 2, VALUE = 16, SUITE = 4, BITS_COLUMN = 50, DATE_LEN = 10, TARGET_COLUMN = 34 };

static enum paper_ink ink_of_rating(const char *rating) {
    return str_equal(rating, "good") ? PAPER_GREEN
                                     : (str_equal(rating, "fair") ? PAPER_YELLOW : PAPER_RED);
}

static enum paper_ink ink_of_grade(const char *letter) {
    return letter[0] == 'A' ? PAPER_GREEN
                            : (letter[0] == 'B' || letter[0] == 'C' ? PAPER_YELLOW : PAPER_RED);
}

static enum paper_ink ink_of_severity(const char *severity) {
    if (str_equal(severity, "critical") || str_equal(severity, "high")) {
        return PAPER_RED;
    }
    return str_equal(severity, "info") ? PAPER_DIM : PAPER_YELLOW;
}

/* --- pieces --- */

static void label(struct paper *p, const char *text) {
    paper_tab(p, BODY);
    paper_put(p, PAPER_DIM, text);
    paper_tab(p, VALUE);
}

static void labelled(struct paper *p, const char *name, enum paper_ink ink, const char *value) {
    if (value[0] != '\0') {
        label(p, name);
        paper_flow(p, ink, VALUE, value);
        paper_line(p);
    }
}

static void put_comma(struct paper *p, bool is_first) {
    if (!is_first) {
        paper_put(p, PAPER_PLAIN, ", ");
    }
}

/* Names with commas, each in the colour of its rating. */
static void put_rated(struct paper *p, const char *name, const json_t *array) {
    if (json_array_size(array) == 0) {
        return;
    }
    label(p, name);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *one = json_array_get(array, i);
        put_comma(p, i == 0);
        paper_flow(p, ink_of_rating(told_text(one, "rating")), VALUE, told_text(one, "name"));
    }
    paper_line(p);
}

static void put_names(struct paper *p, const char *name, const json_t *array) {
    if (json_array_size(array) == 0) {
        return;
    }
    label(p, name);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        put_comma(p, i == 0);
        paper_flow(p, PAPER_PLAIN, VALUE, text == NULL ? "" : text);
    }
    paper_line(p);
}

/* --- head --- */

static void put_state(struct paper *p, const json_t *o) {
    const json_t *grade = json_object_get(o, "grade");
    const char *letter = told_text(grade, "letter");
    paper_put(p, PAPER_BOLD, told_text(o, "target"));
    if (told_text(o, "address")[0] != '\0' &&
        !str_equal(told_text(o, "address"), told_text(o, "host"))) {
        paper_printf(p, PAPER_DIM, "  %s", told_text(o, "address"));
    }
    if (str_equal(told_text(o, "state"), "unreachable")) {
        paper_put(p, PAPER_RED, "  cannot be reached");
    } else if (str_equal(told_text(o, "state"), "not_tls")) {
        paper_put(p, PAPER_YELLOW, "  does not speak TLS");
    } else if (letter[0] != '\0') {
        paper_put(p, PAPER_PLAIN, "  grade ");
        paper_put(p, ink_of_grade(letter), letter);
    }
    paper_line(p);
}

static void put_scores(struct paper *p, const json_t *o) {
    const json_t *grade = json_object_get(o, "grade");
    char text[200];
    (void)snprintf(
        text, sizeof(text), "%lld of 100: versions %lld, key exchange %lld, ciphers %lld",
        (long long)told_number(grade, "score"), (long long)told_number(grade, "protocols"),
        (long long)told_number(grade, "key_exchange"), (long long)told_number(grade, "ciphers"));
    labelled(p, "score", PAPER_PLAIN, text);
    (void)snprintf(
        text, sizeof(text), "%lld connections in %lld.%02lld s%s",
        (long long)told_number(o, "connections"), (long long)(told_number(o, "took_ms") / 1000),
        (long long)(told_number(o, "took_ms") % 1000 / 10),
        told_is_set(o, "is_complete") ? "" : "; some were lost, so this may be incomplete");
    labelled(p, "asked", told_is_set(o, "is_complete") ? PAPER_DIM : PAPER_YELLOW, text);
}

/* --- versions and suites --- */

static void put_versions(struct paper *p, const json_t *versions) {
    label(p, "versions");
    for (size_t pass = 0; pass < 2; pass++) {
        bool is_first = true;
        for (size_t i = json_array_size(versions); i-- > 0;) {
            const json_t *v = json_array_get(versions, i);
            if (json_is_true(json_object_get(v, "is_spoken")) != (pass == 0)) {
                continue;
            }
            bool is_old = told_number(v, "code") < 0x0303;
            put_comma(p, is_first);
            if (is_first && pass == 1) {
                paper_put(p, PAPER_DIM, "  not: ");
            }
            paper_flow(p, pass == 1 ? PAPER_DIM : (is_old ? PAPER_RED : PAPER_GREEN), VALUE,
                       told_text(v, "name"));
            is_first = false;
        }
    }
    paper_line(p);
}

static void put_suites(struct paper *p, const json_t *v) {
    const json_t *suites = json_object_get(v, "suites");
    const char *order = told_text(v, "order");
    char title[128];
    if (json_array_size(suites) == 0) {
        return;
    }
    (void)snprintf(title, sizeof(title), "%s%s%s", told_text(v, "name"),
                   order[0] == '\0' ? "" : ", chosen by the ", order);
    paper_tab(p, BODY);
    paper_put(p, PAPER_DIM, title);
    paper_line(p);
    for (size_t i = 0; i < json_array_size(suites); i++) {
        const json_t *suite = json_array_get(suites, i);
        paper_tab(p, SUITE);
        paper_put(p, ink_of_rating(told_text(suite, "rating")), told_text(suite, "name"));
        paper_tab(p, BITS_COLUMN);
        paper_printf(p, PAPER_DIM, "%lld bits", (long long)told_number(suite, "bits"));
        paper_line(p);
    }
}

/* --- certificates --- */

static void put_dates(struct paper *p, const json_t *leaf) {
    char text[64];
    (void)snprintf(text, sizeof(text), "%.10s to %.10s", told_text(leaf, "not_before"),
                   told_text(leaf, "not_after"));
    labelled(p, "  valid", PAPER_PLAIN, text);
}

static void put_checks(struct paper *p, const json_t *checks) {
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        bool is_failed = str_equal(told_text(check, "outcome"), "fail");
        bool is_passed = str_equal(told_text(check, "outcome"), "pass");
        label(p, "");
        paper_put(p, is_failed ? PAPER_RED : (is_passed ? PAPER_GREEN : PAPER_DIM),
                  is_failed ? "✗ " : (is_passed ? "✓ " : "? "));
        paper_flow(p, is_failed ? PAPER_RED : PAPER_PLAIN, VALUE + 2, told_text(check, "sentence"));
        paper_line(p);
    }
}

static void put_chain(struct paper *p, const json_t *chain) {
    const json_t *certs = json_object_get(chain, "certificates");
    const json_t *leaf = json_array_get(certs, 0);
    const json_t *names = json_object_get(chain, "names");
    char text[640];
    size_t used = 0;
    labelled(p, "certificate", PAPER_BOLD, told_text(leaf, "subject"));
    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(names) && used < sizeof(text); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        bool is_nameless = name == NULL || name[0] == '\0';
        int more = snprintf(text + used, sizeof(text) - used, "%s%s", i == 0 ? "" : ", ",
                            is_nameless ? "clients that name nobody" : name);
        used += more < 0 ? 0 : (size_t)more;
    }
    labelled(p, "  shown to", PAPER_PLAIN, text);
    labelled(p, "  issued by", PAPER_PLAIN, told_text(leaf, "issuer"));
    (void)snprintf(text, sizeof(text), "%s, signed with %s", told_text(leaf, "key"),
                   told_text(leaf, "signature_algorithm"));
    labelled(p, "  key", PAPER_PLAIN, text);
    put_dates(p, leaf);
    (void)snprintf(text, sizeof(text), "%zu certificates%s", json_array_size(certs),
                   told_is_set(chain, "has_staple") ? ", with an OCSP response" : "");
    labelled(p, "  chain", PAPER_PLAIN, text);
    put_checks(p, json_object_get(chain, "verification"));
}

/* --- the rest --- */

static const struct {
    const char *member;
    const char *name;
    bool is_bad; /* to have it */
} features[] = {{"extended_master_secret", "extended master secret", false},
                {"encrypt_then_mac", "encrypt-then-MAC", false},
                {"secure_renegotiation", "secure renegotiation", false},
                {"client_renegotiation", "renegotiation by clients", true},
                {"insecure_renegotiation", "insecure renegotiation", true},
                {"fallback_protection", "protection against fallback", false},
                {"tolerance", "tolerance of the unknown", false},
                {"compression", "compression", true},
                {"heartbeat", "heartbeat", true}};

static void put_features(struct paper *p, const json_t *o) {
    label(p, "features");
    bool is_first = true;
    for (size_t i = 0; i < PL_ARRAY_LEN(features); i++) {
        const json_t *value = json_object_get(o, features[i].member);
        char text[64];
        if (!json_is_boolean(value)) {
            continue;
        }
        (void)snprintf(text, sizeof(text), "%s%s", json_is_true(value) ? "" : "no ",
                       features[i].name);
        put_comma(p, is_first);
        paper_flow(p, json_is_true(value) == features[i].is_bad ? PAPER_YELLOW : PAPER_PLAIN, VALUE,
                   text);
        is_first = false;
    }
    paper_line(p);
}

static void put_resumption(struct paper *p, const json_t *o) {
    static const struct {
        const char *member;
        const char *name;
    } ways[] = {{"tls13", "TLS 1.3"},
                {"tickets", "tickets before"},
                {"ids", "ids before"},
                {"early_data", "0-RTT"}};
    label(p, "resumption");
    bool is_first = true;
    for (size_t i = 0; i < PL_ARRAY_LEN(ways); i++) {
        if (told_is_set(o, ways[i].member)) {
            put_comma(p, is_first);
            paper_flow(p, PAPER_PLAIN, VALUE, ways[i].name);
            is_first = false;
        }
    }
    paper_flow(p, PAPER_PLAIN, VALUE, is_first ? "none" : "");
    if (told_number(o, "ticket_lifetime_s") > 0) {
        paper_printf(p, PAPER_DIM, "; tickets hold for %lld s",
                     (long long)told_number(o, "ticket_lifetime_s"));
    }
    paper_line(p);
}

static void put_attacks(struct paper *p, const json_t *o) {
    const char *name = NULL;
    json_t *value = NULL;
    bool is_first = true;
    label(p, "attacks");
    json_object_foreach((json_t *)(uintptr_t)o, name, value) {
        const char *outcome = json_string_value(value);
        bool is_hit = outcome != NULL && str_equal(outcome, "vulnerable");
        bool is_safe = outcome != NULL && str_equal(outcome, "safe");
        put_comma(p, is_first);
        paper_flow(p, is_hit ? PAPER_RED : PAPER_GREEN, VALUE,
                   is_hit ? "✗" : (is_safe ? "✓" : "?"));
        paper_put(p, PAPER_PLAIN, " ");
        paper_flow(p, is_hit ? PAPER_RED : PAPER_PLAIN, VALUE, name);
        is_first = false;
    }
    paper_line(p);
}

static void put_findings(struct paper *p, const json_t *findings) {
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *f = json_array_get(findings, i);
        const char *detail = told_text(f, "detail");
        paper_tab(p, BODY);
        paper_put(p, ink_of_severity(told_text(f, "severity")), told_text(f, "severity"));
        paper_tab(p, VALUE - 4);
        paper_flow(p, PAPER_PLAIN, VALUE - 4, told_text(f, "sentence"));
        if (detail[0] != '\0') {
            paper_put(p, PAPER_PLAIN, ": ");
            paper_flow(p, PAPER_BOLD, VALUE - 4, detail);
        }
        paper_printf(p, PAPER_DIM, "  [%s]", told_text(f, "code"));
        paper_line(p);
        if (told_text(f, "mend")[0] != '\0') {
            paper_tab(p, VALUE - 4);
            paper_flow(p, PAPER_CYAN, VALUE - 2, told_text(f, "mend"));
            paper_line(p);
        }
        if (told_text(f, "elsewhere")[0] != '\0') {
            paper_tab(p, VALUE - 4);
            paper_flow(p, PAPER_DIM, VALUE - 2, told_text(f, "elsewhere"));
            paper_line(p);
        }
    }
}

static void put_details(struct paper *p, const json_t *o) {
    const json_t *versions = json_object_get(o, "versions");
    const json_t *http = json_object_get(o, "http");
    put_scores(p, o);
    put_versions(p, versions);
    for (size_t i = json_array_size(versions); i-- > 0;) {
        put_suites(p, json_array_get(versions, i));
    }
    put_rated(p, "groups 1.3", json_object_get(o, "groups_tls13"));
    put_rated(p, "groups 1.2", json_object_get(o, "groups_tls12"));
    put_rated(p, "signs 1.3", json_object_get(o, "signatures_tls13"));
    put_rated(p, "signs 1.2", json_object_get(o, "signatures_tls12"));
    put_names(p, "protocols", json_object_get(o, "protocols"));
    put_resumption(p, json_object_get(o, "resumption"));
    put_features(p, json_object_get(o, "features"));
    put_attacks(p, json_object_get(o, "attacks"));
    if (told_is_set(o, "asks_for_certificate")) {
        labelled(p, "clients", PAPER_PLAIN, "are asked for a certificate");
        put_names(p, "  from", json_object_get(o, "certificate_authorities"));
    }
    put_names(p, "caa", json_object_get(json_object_get(o, "caa"), "records"));
    labelled(p, "ja4s", PAPER_PLAIN, told_text(o, "ja4s"));
    labelled(p, "http", PAPER_PLAIN, told_text(http, "status"));
    labelled(p, "  hsts", PAPER_PLAIN, told_text(http, "strict_transport_security"));
    labelled(p, "  server", PAPER_PLAIN, told_text(http, "server"));
}

bool scan_text(const json_t *document, const struct scan_text_style *style, struct buf *out,
               struct err *e) {
    struct paper p = {.out = out, .columns = style->columns, .has_color = style->has_color};
    const json_t *chains = json_object_get(document, "chains");
    const json_t *findings = json_object_get(document, "findings");
    put_state(&p, document);
    if (str_equal(told_text(document, "state"), "finished")) {
        if (!style->is_brief && json_is_object(json_object_get(document, "grade"))) {
            put_details(&p, document);
        }
        for (size_t i = 0; !style->is_brief && i < json_array_size(chains); i++) {
            put_chain(&p, json_array_get(chains, i));
        }
        put_findings(&p, findings);
    }
    paper_line(&p);
    return !p.is_failed || err_set(e, ERR_BASE_LIMIT, "the text is too long");
}

bool scan_text_line(const json_t *document, const struct scan_text_style *style, struct buf *out,
                    struct err *e) {
    struct paper p = {.out = out, .columns = 0, .has_color = style->has_color};
    const json_t *chain = json_array_get(json_object_get(document, "chains"), 0);
    const json_t *leaf = json_array_get(json_object_get(chain, "certificates"), 0);
    const json_t *worst = json_array_get(json_object_get(document, "findings"), 0);
    bool is_finished = str_equal(told_text(document, "state"), "finished");
    paper_put(&p, PAPER_BOLD, told_text(document, "target"));
    paper_tab(&p, TARGET_COLUMN);
    if (!is_finished) {
        bool is_there = str_equal(told_text(document, "state"), "not_tls");
        paper_put(&p, is_there ? PAPER_YELLOW : PAPER_DIM,
                  is_there ? "does not speak TLS" : "cannot be reached");
    } else if (leaf == NULL) {
        paper_put(&p, PAPER_YELLOW, "shows no certificate");
    } else {
        paper_printf(&p, PAPER_PLAIN, "until %.*s  %s, issued by %s", DATE_LEN,
                     told_text(leaf, "not_after"), told_text(leaf, "subject"),
                     told_text(leaf, "issuer"));
    }
    if (is_finished && worst != NULL) {
        const char *severity = told_text(worst, "severity");
        paper_printf(&p, ink_of_severity(severity), "  %s: %s", severity, told_text(worst, "code"));
    }
    paper_line(&p);
    return !p.is_failed || err_set(e, ERR_BASE_LIMIT, "the text is too long");
}
