/* Panels about what a certificate's proofs are worth: strength, revocation. */
#include "inspect/explain/panel_parts.h"

#include "pki/cert_facts.h"

/* --- strength --- */

static bool say_strength(const struct panel_input *in, size_t index, struct panel *panel,
                         struct err *e) {
    const struct cert *cert = in->verdict->chain.items[index];
    char key[KEY_SPEC_TEXT];
    key_spec_describe(&cert->key_spec, key);
    bool is_top = index + 1 == in->verdict->chain.count && cert->is_self_signed;
    return panel_say(panel, PANEL_FACT, e, "%s: key %s, %s%s", cert_display_name(cert), key,
                     is_top ? "its own signature does not count: " : "signed with ",
                     cert->signature_algorithm);
}

bool panel_strength(const struct panel_input *in, struct panel *panel, struct err *e) {
    for (size_t i = 0; i < in->verdict->chain.count; i++) {
        if (!say_strength(in, i, panel, e)) {
            return false;
        }
    }
    panel_head(panel, VERIFY_PASS, "no key is too short, no signature uses a broken hash");
    return true;
}

/* --- revocation --- */

static bool say_addresses(const struct cert *leaf, enum cert_address kind, const char *what,
                          struct panel *panel, struct err *e) {
    PL_AUTO(list_clear) struct list urls;
    list_init(&urls, CERT_FACTS_MAX);
    if (!cert_addresses(leaf, kind, &urls, e)) {
        return false;
    }
    for (size_t i = 0; i < urls.count; i++) {
        if (!panel_say(panel, PANEL_FACT, e, "%s: %.300s", what, urls.items[i])) {
            return false;
        }
    }
    return urls.count > 0 || panel_say(panel, PANEL_FACT, e, "%s: none named", what);
}

bool panel_revocation(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct cert *leaf = in->input->leaf;
    panel->head = in->verdict->checks[VERIFY_REVOCATION];
    return say_addresses(leaf, CERT_ADDRESS_OCSP, "OCSP responder", panel, e) &&
           say_addresses(leaf, CERT_ADDRESS_CRL, "revocation list", panel, e);
}
