/*
 * Chains of certificates. The search is depth first with its work bounded by CHAIN_MAX and
 * CHAIN_SIGNATURES_MAX, so a heap made to confuse costs milliseconds, not hours. Runs wherever
 * certificates are read. Not done: trust, usages, revocation.
 */
#include "pki/chain.h"

#include "base/mem.h"

#include <string.h>

enum { NOTES_MAX = 8 };

bool chain_is_complete(const struct cert_list *chain) {
    return chain->count > 0 && chain->items[chain->count - 1]->is_self_signed;
}

/* --- relations --- */

static bool key_ids_agree(const struct cert *child, const struct cert *parent) {
    const struct cert_key_id *wanted = &child->authority_key_id;
    const struct cert_key_id *own = &parent->subject_key_id;
    return wanted->len == 0 || own->len == 0 ||
           (wanted->len == own->len && memcmp(wanted->bytes, own->bytes, own->len) == 0);
}

static bool names_chain(const struct cert *child, const struct cert *parent) {
    return X509_NAME_cmp(X509_get_issuer_name(child->x509), X509_get_subject_name(parent->x509)) ==
           0;
}

/* Same name, same key: the same authority, perhaps in another certificate (renewed, cross-signed).
 */
static bool is_same_holder(const struct cert *a, const struct cert *b) {
    return memcmp(a->spki_sha256, b->spki_sha256, sizeof(a->spki_sha256)) == 0 &&
           X509_NAME_cmp(X509_get_subject_name(a->x509), X509_get_subject_name(b->x509)) == 0;
}

static bool is_valid_at(const struct cert *cert, int64_t at_ms) {
    return cert->not_before_ms <= at_ms && at_ms < cert->not_after_ms + 1000;
}

/* --- building --- */

struct path {
    struct cert *items[CHAIN_MAX]; /* borrowed */
    size_t count;
};

struct search {
    const struct cert_list *pool;
    const struct cert_list *anchors; /* NULL: nobody is trusted more than others */
    int64_t at_ms;
    unsigned signatures_left;
    struct path path; /* under way */
    struct path best;
};

static size_t count_faults(const struct path *path, int64_t at_ms) {
    size_t faults = 0;
    for (size_t i = 1; i < path->count; i++) {
        const struct cert *issuer = path->items[i];
        faults += !is_valid_at(issuer, at_ms);
        faults += !issuer->is_ca;
        faults += !key_ids_agree(path->items[i - 1], issuer);
    }
    return faults;
}

static int64_t earliest_end_ms(const struct path *path) {
    int64_t end_ms = path->items[0]->not_after_ms;
    for (size_t i = 1; i < path->count; i++) {
        end_ms = path->items[i]->not_after_ms < end_ms ? path->items[i]->not_after_ms : end_ms;
    }
    return end_ms;
}

/* Whether its last certificate is trusted, or issued by one that is. */
static bool is_anchored(const struct search *search, const struct path *path) {
    const struct cert *last = path->items[path->count - 1];
    for (size_t i = 0; search->anchors != NULL && i < search->anchors->count; i++) {
        const struct cert *anchor = search->anchors->items[i];
        if (cert_equal(anchor, last) ||
            (names_chain(last, anchor) && cert_is_issued_by(last, anchor))) {
            return true;
        }
    }
    return false;
}

static bool is_better(const struct search *search, const struct path *a, const struct path *b) {
    int64_t at_ms = search->at_ms;
    if (b->count == 0) {
        return true;
    }
    bool a_anchored = is_anchored(search, a);
    bool b_anchored = is_anchored(search, b);
    if (a_anchored != b_anchored) {
        return a_anchored;
    }
    bool a_complete = a->items[a->count - 1]->is_self_signed;
    bool b_complete = b->items[b->count - 1]->is_self_signed;
    if (a_complete != b_complete) {
        return a_complete;
    }
    size_t a_faults = count_faults(a, at_ms);
    size_t b_faults = count_faults(b, at_ms);
    if (a_faults != b_faults) {
        return a_faults < b_faults;
    }
    if (a->count != b->count) {
        return a_complete ? a->count < b->count : a->count > b->count;
    }
    return earliest_end_ms(a) > earliest_end_ms(b);
}

static bool is_on_path(const struct path *path, const struct cert *cert) {
    for (size_t i = 0; i < path->count; i++) {
        if (is_same_holder(path->items[i], cert)) {
            return true;
        }
    }
    return false;
}

static bool may_extend(struct search *search, const struct cert *last, const struct cert *issuer) {
    if (search->path.count == CHAIN_MAX || !names_chain(last, issuer) ||
        is_on_path(&search->path, issuer) || search->signatures_left == 0) {
        return false;
    }
    search->signatures_left--;
    return cert_is_issued_by(last, issuer);
}

static void explore(struct search *search) {
    struct path *path = &search->path;
    const struct cert *last = path->items[path->count - 1];
    bool is_end = true;
    for (size_t i = 0; i < search->pool->count && !last->is_self_signed; i++) {
        struct cert *issuer = search->pool->items[i];
        if (may_extend(search, last, issuer)) {
            is_end = false;
            path->items[path->count++] = issuer;
            explore(search);
            path->count--;
        }
    }
    if (is_end && is_better(search, path, &search->best)) {
        search->best = *path;
    }
}

bool chain_build(struct cert *leaf, const struct cert_list *pool, int64_t at_ms,
                 struct cert_list *out_chain, struct err *e) {
    return chain_build_to(leaf, pool, NULL, at_ms, out_chain, e);
}

bool chain_build_to(struct cert *leaf, const struct cert_list *pool,
                    const struct cert_list *anchors, int64_t at_ms, struct cert_list *out_chain,
                    struct err *e) {
    struct search search = {
        .pool = pool, .anchors = anchors, .at_ms = at_ms, .signatures_left = CHAIN_SIGNATURES_MAX};
    search.path.items[search.path.count++] = leaf;
    explore(&search);
    for (size_t i = 0; i < search.best.count; i++) {
        if (!cert_list_add(out_chain, search.best.items[i], e)) {
            return false;
        }
    }
    return true;
}

/* --- finding the leaf --- */

static struct cert *find_by_key(const struct cert_list *heap, const uint8_t *spki_sha256) {
    struct cert *found = NULL;
    for (size_t i = 0; i < heap->count; i++) {
        struct cert *cert = heap->items[i];
        bool matches = memcmp(cert->spki_sha256, spki_sha256, sizeof(cert->spki_sha256)) == 0;
        if (matches && (found == NULL || cert->not_after_ms > found->not_after_ms)) {
            found = cert;
        }
    }
    return found;
}

/* By names and key identifiers: signatures would let a made-up heap cost its square in them. */
static bool seems_issued_by(const struct cert *cert, const struct cert *issuer) {
    return names_chain(cert, issuer) && key_ids_agree(cert, issuer) &&
           !is_same_holder(cert, issuer);
}

/* How much a certificate looks like the one that the rest of the heap is there for. */
static unsigned leaf_score(const struct cert_list *heap, const struct cert *cert) {
    bool issued_another = false;
    bool has_issuer = false;
    for (size_t i = 0; i < heap->count; i++) {
        issued_another = issued_another || seems_issued_by(heap->items[i], cert);
        has_issuer = has_issuer || seems_issued_by(cert, heap->items[i]);
    }
    return 1U + (cert->sans.count > 0 ? 1U : 0) + (has_issuer ? 2U : 0) + (cert->is_ca ? 0 : 4U) +
           (issued_another ? 0 : 8U);
}

struct cert *chain_find_leaf(const struct cert_list *heap, const uint8_t *spki_sha256) {
    if (spki_sha256 != NULL) {
        return find_by_key(heap, spki_sha256);
    }
    struct cert *found = NULL;
    unsigned best = 0;
    for (size_t i = 0; i < heap->count; i++) {
        struct cert *cert = heap->items[i];
        unsigned score = leaf_score(heap, cert);
        if (score > best) {
            best = score;
            found = cert;
        }
    }
    return found;
}

/* --- sorting --- */

void chain_sorting_clear(struct chain_sorting *sorting) {
    cert_list_clear(&sorting->chain);
    cert_list_clear(&sorting->aside);
    list_clear(&sorting->notes);
    sorting->duplicate_count = 0;
    sorting->was_in_order = false;
}

static bool drop_duplicates(const struct cert_list *given, struct cert_list *out_unique,
                            size_t *out_duplicate_count, struct err *e) {
    for (size_t i = 0; i < given->count; i++) {
        if (!cert_list_add_new(out_unique, given->items[i], e)) {
            return false;
        }
    }
    *out_duplicate_count = given->count - out_unique->count;
    return true;
}

/* Parts the heap into chain (made already) and the rest, and looks at the order on the way. */
static bool set_aside(const struct cert_list *unique, struct chain_sorting *sorting,
                      struct err *e) {
    size_t next = 0;
    sorting->was_in_order = true;
    for (size_t i = 0; i < unique->count; i++) {
        struct cert *cert = unique->items[i];
        if (!cert_list_has(&sorting->chain, cert)) {
            if (!cert_list_add(&sorting->aside, cert, e)) {
                return false;
            }
            continue;
        }
        sorting->was_in_order =
            sorting->was_in_order && cert_equal(sorting->chain.items[next], cert);
        next++;
    }
    return true;
}

static bool note_aside(struct chain_sorting *sorting, struct err *e) {
    PL_AUTO(list_clear) struct list names;
    list_init(&names, CERT_LIST_MAX);
    for (size_t i = 0; i < sorting->aside.count && i < 5; i++) {
        if (!list_add(&names, cert_display_name(sorting->aside.items[i]), e)) {
            return false;
        }
    }
    PL_AUTO(mem_freep) char *text = NULL;
    size_t count = sorting->aside.count;
    return list_join(&names, ", ", &text, e) &&
           list_printf(&sorting->notes, e,
                       "%zu %s left aside, being no part of the chain of \"%s\": %s%s", count,
                       count == 1 ? "certificate was" : "certificates were",
                       cert_display_name(sorting->chain.items[0]), text, count > 5 ? ", ..." : "");
}

static bool write_notes(struct chain_sorting *sorting, struct err *e) {
    if (!sorting->was_in_order &&
        !list_add(&sorting->notes,
                  "the certificates were out of order and have been sorted, server's first", e)) {
        return false;
    }
    size_t duplicates = sorting->duplicate_count;
    if (duplicates > 0 && !list_printf(&sorting->notes, e, "%zu %s left out", duplicates,
                                       duplicates == 1 ? "duplicate was" : "duplicates were")) {
        return false;
    }
    return sorting->aside.count == 0 || note_aside(sorting, e);
}

bool chain_sort(const struct cert_list *given, struct cert *leaf, int64_t at_ms,
                struct chain_sorting *out_sorting, struct err *e) {
    PL_AUTO(chain_sorting_clear) struct chain_sorting sorting = {0};
    list_init(&sorting.notes, NOTES_MAX);
    PL_AUTO(cert_list_clear) struct cert_list unique = {0};
    if (!drop_duplicates(given, &unique, &sorting.duplicate_count, e)) {
        return false;
    }
    struct cert *first = leaf != NULL ? leaf : chain_find_leaf(&unique, NULL);
    if (first != NULL && (!chain_build(first, &unique, at_ms, &sorting.chain, e) ||
                          !set_aside(&unique, &sorting, e) || !write_notes(&sorting, e))) {
        return false;
    }
    *out_sorting = sorting;
    sorting = (struct chain_sorting){0};
    return true;
}

/* --- writing --- */

bool chain_append_pem(const struct cert_list *chain, bool has_root, struct buf *out,
                      struct err *e) {
    size_t count = chain->count;
    if (!has_root && count > 1 && chain_is_complete(chain)) {
        count--;
    }
    for (size_t i = 0; i < count; i++) {
        if (!cert_append_pem(chain->items[i], out, e)) {
            return false;
        }
    }
    return true;
}
