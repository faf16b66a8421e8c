/* TLS policies: the built-in ones, and those of one's own in the store. */
#ifndef PL_OPS_POLICIES_H
#define PL_OPS_POLICIES_H

#include "base/list.h"
#include "ops/ops.h"
#include "store/bindings.h"
#include "store/tls_policies.h"
#include "tls/policy.h"

enum { POLICY_NAME_MAX = 63 };

/* One policy, wherever it comes from. Clear works on a zeroed struct, and after a failure. */
struct policy_found {
    const struct tls_policy *policy;
    struct tls_policy *owned;   /* policy, when it is one of one's own */
    struct tls_policy_row *row; /* NULL: built-in */
};
void policy_found_clear(struct policy_found *found);

/* What a policy shall be; NULL takes it from the base, or leaves it as it is. */
struct policy_wish {
    const char *name;
    const char *base; /* of a new one; NULL: intermediate */
    const char *about;
    const char *versions; /* "1.2-1.3" */
    const char *suites;   /* names joined by commas, colons or spaces, in order of preference */
    const char *groups;
    const char *schemes;
};

/* By name. Fails ops.policy.missing. */
bool ops_policy_pick(struct ops *ops, const char *name, struct policy_found *out_found,
                     struct err *e) PL_MUST_USE;

/* A row's policy, in one block of memory. Fails tls.policy.*, base.oom. */
bool ops_policy_from_row(const struct tls_policy_row *row, struct tls_policy **out_policy,
                         struct err *e) PL_MUST_USE;

/*
 * Makes a policy. What is inherited from the base and of no use in the versions is left out; what
 * is named and of no use is refused. Can be undone.
 *
 * Fails  ops.policy.name, ops.policy.exists, ops.policy.missing (the base), tls.policy.word,
 *        tls.policy.unusable, tls.policy.unsupported
 */
bool ops_policy_add(struct ops *ops, const struct policy_wish *wish, struct policy_found *out_found,
                    struct err *e) PL_MUST_USE;

/*
 * Changes one of one's own; found is renewed. Can be undone.
 *
 * Fails  ops.policy.built_in, ops.bind.policy_key (a binding's certificate could not be used any
 *        more), and as ops_policy_add()
 */
bool ops_policy_set(struct ops *ops, struct policy_found *found, const struct policy_wish *wish,
                    struct err *e) PL_MUST_USE;

/* Fails ops.policy.built_in, ops.policy.used (names where). Can be undone. */
bool ops_policy_remove(struct ops *ops, struct policy_found *found, struct err *e) PL_MUST_USE;

/* How many bindings have it, counted up to STORE_PAGE_MAX. */
bool ops_policy_use_count(struct ops *ops, const struct policy_found *found, size_t *out_count,
                          struct err *e) PL_MUST_USE;

/* --- for snapshots ----------------------------------------------------------------------------
 */

/* The policies of the bindings that are looked at, each read once. */
struct policy_cache;
bool policy_cache_new(struct policy_cache **out_cache, struct err *e) PL_MUST_USE;
void policy_cache_free(struct policy_cache *cache);
PL_DEFINE_FREEP(policy_cache_freep, struct policy_cache, policy_cache_free)

/* Loads one, so that policy_cache_has() knows it. Fails base.oom, store.*. */
bool policy_cache_add(struct ops *ops, struct policy_cache *cache, const struct id *id,
                      struct err *e) PL_MUST_USE;
/* True when a binding's policy was read from that row. */
bool policy_cache_has(const struct policy_cache *cache, const struct id *id);

/*
 * The binding's policy, borrowed from the cache or static. One that is gone or cannot be read is
 * told by *out_is_missing, and intermediate stands in for it.
 */
bool ops_policy_of_binding(struct ops *ops, struct policy_cache *cache,
                           const struct binding_row *row, const struct tls_policy **out_policy,
                           bool *out_is_missing, struct err *e) PL_MUST_USE;

#endif
