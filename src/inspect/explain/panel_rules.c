/* Panels about what a certificate is for: names, constraints, usages, policies. */
#include "inspect/explain/panel_parts.h"

#include "base/mem.h"
#include "base/str.h"
#include "pki/cert_facts.h"

#include <stdio.h>
#include <string.h>

/* --- name --- */

enum { NAMES_TOLD_MAX = 24 };

static const char *kind_of(const struct san *name) {
    switch (name->kind) {
    case SAN_DNS:
        return strchr(name->text, '*') != NULL ? "wildcard" : "host name";
    case SAN_IP:
        return "address";
    case SAN_EMAIL:
        return "e-mail, which no browser looks at";
    case SAN_URI:
        return "URI, which no browser looks at";
    case SAN_OTHER:
        return "of another kind, which no browser looks at";
    }
    return "";
}

static bool covers(const struct san *name, const char *host) {
    struct san copy = *name;
    const struct cert one = {.sans = {.items = &copy, .count = 1, .capacity = 1}};
    return host != NULL && cert_covers_host(&one, host);
}

static bool say_name(const struct panel_input *in, const struct san *name, struct panel *panel,
                     struct err *e) {
    bool is_it = covers(name, in->input->host);
    bool is_idn = name->kind == SAN_DNS && strstr(name->text, "xn--") != NULL;
    return panel_say(panel, is_it ? PANEL_GOOD : PANEL_FACT, e, "%.300s: %s%s%s", name->text,
                     kind_of(name), is_idn ? ", international (in its ASCII form)" : "",
                     is_it ? "; this one fits" : "");
}

/* The one that fits is told even when it is far down. */
static bool say_names(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct san_list *names = &in->input->leaf->sans;
    size_t told = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (i >= NAMES_TOLD_MAX && !covers(&names->items[i], in->input->host)) {
            continue;
        }
        if (!say_name(in, &names->items[i], panel, e)) {
            return false;
        }
        told++;
        if (i >= NAMES_TOLD_MAX) {
            break;
        }
    }
    return panel_say_more(panel, names->count - told, e);
}

bool panel_names(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct cert *leaf = in->input->leaf;
    const char *common_name = dn_get(&leaf->subject, NID_commonName);
    panel->head = in->verdict->checks[VERIFY_NAME];
    if (!say_names(in, panel, e)) {
        return false;
    }
    bool is_among = common_name != NULL && cert_covers_host(leaf, common_name);
    return common_name == NULL || is_among ||
           panel_say(panel, PANEL_FACT, e,
                     "%.300s: the common name, which browsers stopped looking at in 2017",
                     common_name);
}

/* --- constraints --- */

static bool say_authority(const struct panel_input *in, size_t index, struct panel *panel,
                          struct err *e) {
    const struct cert *cert = in->verdict->chain.items[index];
    int path_length = cert_path_length(cert);
    const char *name = cert_display_name(cert);
    if (!cert->is_ca) {
        return panel_say(panel, PANEL_BAD, e, "%s: no authority (CA:FALSE), but it issued", name);
    }
    if (path_length < 0) {
        return panel_say(panel, PANEL_GOOD, e, "%s: an authority, any number of them below", name);
    }
    bool is_kept = index <= (size_t)path_length + 1;
    return panel_say(panel, is_kept ? PANEL_GOOD : PANEL_BAD, e,
                     "%s: an authority, at most %d more below, %zu there", name, path_length,
                     index - 1);
}

static bool say_constraints(const struct cert *cert, enum panel_mark mark, struct panel *panel,
                            struct err *e) {
    PL_AUTO(list_clear) struct list lines;
    list_init(&lines, CERT_FACTS_MAX);
    if (!cert_name_constraints(cert, &lines, e)) {
        return false;
    }
    for (size_t i = 0; i < lines.count; i++) {
        if (!panel_say(panel, mark, e, "%s: %s", cert_display_name(cert), lines.items[i])) {
            return false;
        }
    }
    return true;
}

bool panel_constraints(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct cert_list *chain = &in->verdict->chain;
    bool is_broken = verdict_fault(in->verdict, ERR_VERIFY_NAME_CONSTRAINTS) != NULL;
    const struct cert *leaf = in->input->leaf;
    if (!panel_say(panel, leaf->is_ca ? PANEL_BAD : PANEL_GOOD, e, "%s: %s",
                   cert_display_name(leaf),
                   leaf->is_ca ? "an authority (CA:TRUE), where a server's belongs"
                               : "no authority, as a server's certificate should be")) {
        return false;
    }
    for (size_t i = 1; i < chain->count; i++) {
        if (!say_authority(in, i, panel, e) ||
            !say_constraints(chain->items[i], is_broken ? PANEL_OPEN : PANEL_GOOD, panel, e)) {
            return false;
        }
    }
    panel_head(panel, chain->count > 1 ? VERIFY_PASS : VERIFY_UNKNOWN, "%s",
               chain->count > 1 ? "each issuer may issue, and may certify this name"
                                : "no issuer is known whose limits could be looked at");
    return true;
}

/* --- usages --- */

static bool say_usages(const struct cert *cert, bool is_leaf, struct panel *panel, struct err *e) {
    PL_AUTO(mem_freep) char *key = NULL;
    PL_AUTO(mem_freep) char *extended = NULL;
    if (!cert_key_usages(cert, &key, e) || !cert_extended_usages(cert, &extended, e)) {
        return false;
    }
    bool is_server = extended == NULL || strstr(extended, "TLS server") != NULL ||
                     strstr(extended, "any use") != NULL;
    bool is_signer = is_leaf || key == NULL || strstr(key, "signing certificates") != NULL;
    return panel_say(panel, is_server && is_signer ? PANEL_GOOD : PANEL_BAD, e,
                     "%s: key for %s; certificate for %s", cert_display_name(cert),
                     key == NULL ? "anything" : key, extended == NULL ? "anything" : extended);
}

bool panel_usages(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct cert_list *chain = &in->verdict->chain;
    for (size_t i = 0; i < chain->count; i++) {
        if (!say_usages(chain->items[i], i == 0, panel, e)) {
            return false;
        }
    }
    panel_head(panel, VERIFY_PASS, "for TLS servers");
    return true;
}

/* --- policies --- */

static const struct {
    const char *short_name;
    const char *sentence;
} validations[] = {
    [CERT_VALIDATION_NONE] = {"not said",
                              "the issuer does not say how it checked, as private authorities do"},
    [CERT_VALIDATION_DOMAIN] = {"DV", "domain validated: whoever asked controls the names, and "
                                      "nothing more was checked"},
    [CERT_VALIDATION_ORGANISATION] = {"OV",
                                      "organisation validated: the organisation in the subject "
                                      "was checked as well"},
    [CERT_VALIDATION_INDIVIDUAL] = {"IV",
                                    "individual validated: the person in the subject was checked "
                                    "as well"},
    [CERT_VALIDATION_EXTENDED] = {"EV", "extended validation: the organisation, its place and its "
                                        "registration were checked"},
};

static bool say_policies(const struct cert *leaf, struct panel *panel, struct err *e) {
    PL_AUTO(list_clear) struct list oids;
    list_init(&oids, CERT_FACTS_MAX);
    if (!cert_policies(leaf, &oids, e)) {
        return false;
    }
    for (size_t i = 0; i < oids.count; i++) {
        if (!panel_say(panel, PANEL_FACT, e, "policy %s", oids.items[i])) {
            return false;
        }
    }
    return true;
}

bool panel_policies(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct cert *leaf = in->input->leaf;
    enum cert_validation validation = cert_validation_of(leaf);
    const char *organisation = dn_get(&leaf->subject, NID_organizationName);
    if (organisation != NULL &&
        !panel_say(panel, PANEL_FACT, e, "organisation in the subject: %.200s", organisation)) {
        return false;
    }
    if (validation == CERT_VALIDATION_EXTENDED &&
        !panel_say(panel, PANEL_FACT, e,
                   "browsers show it two clicks away only: the green bar went in 2019")) {
        return false;
    }
    if (cert_wants_staple(leaf) &&
        !panel_say(panel, PANEL_FACT, e,
                   "it asks clients to insist on a stapled OCSP response (must-staple)")) {
        return false;
    }
    panel_head(panel, VERIFY_PASS, "%s: %s", validations[validation].short_name,
               validations[validation].sentence);
    return say_policies(leaf, panel, e);
}
