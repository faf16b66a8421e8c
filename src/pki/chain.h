/*
 * Chains of certificates: found in a heap, built from a leaf, put in order, written as a file.
 *
 * Every link of a chain made here is real: the names chain and the issuer's key verifies the
 * signature. Nothing is trusted by it: see pki/verify.h for anchors, usages and constraints.
 * Source: RFC 5280 §6, RFC 4158 (path building), RFC 8446 §4.4.2 (order in a handshake).
 */
#ifndef PL_PKI_CHAIN_H
#define PL_PKI_CHAIN_H

#include "base/buf.h"
#include "base/list.h"
#include "pki/cert.h"

enum {
    CHAIN_MAX = 16,             /* certificates from leaf to root */
    CHAIN_SIGNATURES_MAX = 400, /* verified in one search; then the best chain so far counts */
};

/* True when the last certificate is self-signed. */
bool chain_is_complete(const struct cert_list *chain);

/*
 * The chain from leaf towards a root, as far as pool reaches, leaf included. Of several ways the
 * best wins: one that ends in a self-signed certificate; then with the fewest certificates that are
 * not valid at at_ms, are no CA, or whose key identifiers disagree; then the shorter one (when none
 * is complete: the longer one); then the one that lasts longer.
 *
 * pool       unordered; duplicates, strangers and leaf itself do no harm
 * out_chain  empty before; caller clears
 * Fails      base.oom
 */
bool chain_build(struct cert *leaf, const struct cert_list *pool, int64_t at_ms,
                 struct cert_list *out_chain, struct err *e) PL_MUST_USE;

/*
 * The same for who trusts some certificates: a way to one of them is better than any other, whether
 * they are in the pool or not. anchors: NULL as chain_build().
 */
bool chain_build_to(struct cert *leaf, const struct cert_list *pool,
                    const struct cert_list *anchors, int64_t at_ms, struct cert_list *out_chain,
                    struct err *e) PL_MUST_USE;

/*
 * The certificate of a heap that the others are there for. Borrowed.
 *
 * spki_sha256  not NULL: the one with this key (of several the one that ends last), NULL when there
 *              is none. NULL: one that issued no other of the heap, rather no CA, rather with
 *              its issuer in the heap, rather with alternative names, rather early; NULL only for
 *              an empty heap.
 */
struct cert *chain_find_leaf(const struct cert_list *heap, const uint8_t *spki_sha256);

/* What chain_sort made of a list. Clear works on a zeroed struct. */
struct chain_sorting {
    struct cert_list chain; /* leaf first */
    struct cert_list aside; /* what is no part of it, in the order given */
    size_t duplicate_count; /* left out */
    bool was_in_order;      /* what is in chain was given leaf first, each followed by its issuer */
    struct list notes;      /* what was done, one sentence each, for people; empty: nothing */
};
void chain_sorting_clear(struct chain_sorting *sorting);

/*
 * Puts certificates in chain order.
 *
 * leaf         one of given; NULL: chain_find_leaf() finds it
 * out_sorting  caller clears; chain is empty only when given is
 * Fails        base.oom
 */
bool chain_sort(const struct cert_list *given, struct cert *leaf, int64_t at_ms,
                struct chain_sorting *out_sorting, struct err *e) PL_MUST_USE;

/*
 * Appends the PEM blocks, leaf first: what a server is given as its chain file. Without has_root a
 * self-signed certificate at the end is left out (clients have it or do not trust it), unless it
 * is alone.
 */
bool chain_append_pem(const struct cert_list *chain, bool has_root, struct buf *out, struct err *e)
    PL_MUST_USE;

#endif
