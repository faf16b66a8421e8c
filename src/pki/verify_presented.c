/*
 * How the certificates were presented, compared with the path that was needed: RFC 8446 §4.4.2
 * wants the server's first, each followed by its issuer (TLS 1.2 demands it), the root left out.
 */
#include "pki/verify_checks.h"

#include "base/mem.h"

#include <string.h>

enum { NOTES_MAX = 8, STRANGERS_TOLD_MAX = 4 };

/* Where in the chain; count when it is no part of it. */
static size_t index_in(const struct cert_list *chain, const struct cert *cert) {
    size_t i = 0;
    while (i < chain->count && !cert_equal(chain->items[i], cert)) {
        i++;
    }
    return i;
}

static bool was_presented_before(const struct cert_list *presented, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (cert_equal(presented->items[i], presented->items[index])) {
            return true;
        }
    }
    return false;
}

/* Counts what is odd; the names of strangers are gathered on the way. */
static bool look(const struct cert_list *presented, const struct cert_list *chain,
                 struct verify_presentation *presentation, struct list *strangers, struct err *e) {
    size_t last = 0;
    for (size_t i = 0; i < presented->count; i++) {
        const struct cert *cert = presented->items[i];
        size_t index = index_in(chain, cert);
        if (was_presented_before(presented, i)) {
            presentation->duplicate_count++;
        } else if (index == chain->count) {
            presentation->stranger_count++;
            if (presentation->stranger_count <= STRANGERS_TOLD_MAX &&
                !list_add(strangers, cert_display_name(cert), e)) {
                return false;
            }
        } else {
            bool is_out_of_place = index == 0 ? i > 0 : index < last;
            presentation->is_unsorted = presentation->is_unsorted || is_out_of_place;
            last = index;
            presentation->has_superfluous_root =
                presentation->has_superfluous_root || (index > 0 && cert->is_self_signed);
        }
    }
    return true;
}

/* The first intermediate of the path that was not presented; NULL when there is none. */
static const struct cert *find_missing(const struct cert_list *presented,
                                       const struct cert_list *chain) {
    for (size_t i = 1; i < chain->count; i++) {
        const struct cert *cert = chain->items[i];
        if (!cert->is_self_signed && (presented == NULL || !cert_list_has(presented, cert))) {
            return cert;
        }
    }
    return NULL;
}

static bool note_missing(struct verify_presentation *presentation, const struct cert *missing,
                         struct err *e) {
    if (missing == NULL) {
        return true;
    }
    presentation->has_missing_intermediate = true;
    return list_printf(&presentation->notes, e,
                       "the intermediate \"%s\" was not presented: it is trusted here, but clients "
                       "that only know its root will miss it",
                       cert_display_name(missing));
}

static bool note_strangers(struct verify_presentation *presentation, const struct list *strangers,
                           struct err *e) {
    size_t count = presentation->stranger_count;
    if (count == 0) {
        return true;
    }
    PL_AUTO(mem_freep) char *names = NULL;
    return list_join(strangers, ", ", &names, e) &&
           list_printf(&presentation->notes, e,
                       "%zu %s presented that %s no part of the path: %s%s", count,
                       count == 1 ? "certificate was" : "certificates were",
                       count == 1 ? "is" : "are", names, count > strangers->count ? ", ..." : "");
}

static bool write_notes(struct verify_presentation *presentation, const struct cert_list *chain,
                        const struct list *strangers, struct err *e) {
    struct list *notes = &presentation->notes;
    size_t duplicates = presentation->duplicate_count;
    if (presentation->is_unsorted &&
        !list_add(notes,
                  "the certificates were presented out of order: the server's comes first, "
                  "each followed by its issuer's",
                  e)) {
        return false;
    }
    if (presentation->has_superfluous_root &&
        !list_printf(notes, e,
                     "the root \"%s\" was presented as well: clients have it or do not "
                     "trust it",
                     cert_display_name(chain->items[chain->count - 1]))) {
        return false;
    }
    if (duplicates > 0 && !list_printf(notes, e, "%zu %s presented again", duplicates,
                                       duplicates == 1 ? "certificate was" : "certificates were")) {
        return false;
    }
    return note_strangers(presentation, strangers, e);
}

bool verify_check_presentation(const struct verify_input *input, const struct cert_list *chain,
                               struct verify_presentation *presentation, struct err *e) {
    list_init(&presentation->notes, NOTES_MAX);
    PL_AUTO(list_clear) struct list strangers;
    list_init(&strangers, STRANGERS_TOLD_MAX);
    if (input->presented != NULL && !look(input->presented, chain, presentation, &strangers, e)) {
        return false;
    }
    return note_missing(presentation, find_missing(input->presented, chain), e) &&
           write_notes(presentation, chain, &strangers, e);
}
