/* Panels about what a certificate's proofs are worth: strength, logs, revocation. */
#include "inspect/explain/panel_parts.h"

#include "base/clock.h"
#include "base/hex.h"
#include "pki/cert_facts.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

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

/* --- transparency --- */

/* Chrome and Safari: two logs up to 180 days of validity, three beyond. */
static size_t wanted_logs(const struct cert *leaf) {
    return leaf->not_after_ms - leaf->not_before_ms > 180 * CLOCK_DAY_MS ? 3 : 2;
}

/* The better one of the two ways: browsers do not add them up. */
static size_t count_logs(const struct sct_list *embedded, const struct sct_list *tls) {
    size_t in_cert = sct_list_count_logs(embedded);
    size_t in_handshake = tls == NULL ? 0 : sct_list_count_logs(tls);
    return in_cert > in_handshake ? in_cert : in_handshake;
}

bool panel_has_timestamps(const struct cert *leaf, const struct sct_list *tls) {
    struct sct_list embedded = {.count = 0};
    return sct_list_read_cert(&embedded, leaf) && count_logs(&embedded, tls) >= wanted_logs(leaf);
}

static bool say_timestamps(const struct sct_list *list, const char *where, struct panel *panel,
                           struct err *e) {
    for (size_t i = 0; i < list->count; i++) {
        char day[11];
        char log[2 * 4 + 1];
        clock_format_day(list->items[i].at_ms, day);
        hex_encode(list->items[i].log_id, 4, log);
        if (!panel_say(panel, PANEL_FACT, e, "%s, %s: log %s…", where, day, log)) {
            return false;
        }
    }
    return true;
}

bool panel_transparency(const struct panel_input *in, struct panel *panel, struct err *e) {
    static const struct sct_list none = {.count = 0};
    struct sct_list embedded = {.count = 0};
    const struct sct_list *tls = in->tls == NULL ? &none : in->tls;
    bool is_sound = sct_list_read_cert(&embedded, in->input->leaf);
    if (!say_timestamps(&embedded, "in the certificate", panel, e) ||
        !say_timestamps(tls, "in the handshake", panel, e)) {
        return false;
    }
    size_t wanted = wanted_logs(in->input->leaf);
    size_t logs = count_logs(&embedded, tls);
    if (!is_sound) {
        panel_head(panel, VERIFY_UNKNOWN, "its list of timestamps cannot be read");
    } else if (logs >= wanted) {
        panel_head(panel, VERIFY_PASS,
                   "promised by %zu logs (%zu are wanted); their signatures are not checked here",
                   logs, wanted);
    } else if (!in->is_public) {
        panel_head(panel, VERIFY_PASS,
                   "%zu timestamps: browsers want them from publicly trusted authorities only",
                   embedded.count + tls->count);
    } else {
        panel_head(panel, VERIFY_UNKNOWN,
                   "promised by %zu logs where Chrome and Safari want %zu: they will refuse it",
                   logs, wanted);
    }
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
