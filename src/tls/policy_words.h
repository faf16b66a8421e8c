/*
 * TLS policies in people's words: names of suites, groups and signature schemes as in the IANA
 * registries, checked before anything becomes of them. Pure functions.
 *
 * A policy is refused when a version that it allows could not be used by any client: that is a
 * mistake, never a wish.
 */
#ifndef PL_TLS_POLICY_WORDS_H
#define PL_TLS_POLICY_WORDS_H

#include "base/list.h"
#include "pki/key.h"
#include "tls/policy.h"
#include "tls/registry.h"

enum { TLS_POLICY_NAMES_MAX = 64 };

struct tls_policy_words {
    const char *name;
    const char *about;
    int version_min; /* TLS1_VERSION … TLS1_3_VERSION */
    int version_max;
    const struct list *suites; /* of all versions, each version's in order of preference */
    const struct list *groups;
    const struct list *schemes;
};

/*
 * "1.3", "1.2-1.3": one version or a range.
 *
 * Fails  tls.policy.word
 */
bool tls_policy_parse_versions(const char *text, int *out_min, int *out_max, struct err *e)
    PL_MUST_USE;

/*
 * Names joined by commas, colons or spaces, checked and in IANA's spelling, appended to out.
 *
 * Fails  tls.policy.word (unknown, twice, or never served here: then it says why), base.oom
 */
bool tls_policy_parse_names(enum tls_kind kind, const char *text, struct list *out, struct err *e)
    PL_MUST_USE;

/* A policy's list in the library's spelling, as IANA's names, appended to out. Fails base.oom. */
bool tls_policy_names(enum tls_kind kind, const char *library_list, struct list *out, struct err *e)
    PL_MUST_USE;

/*
 * Takes out of the list what no version from min to max uses, for lists that were meant for
 * others.
 */
void tls_policy_drop_unused(enum tls_kind kind, int version_min, int version_max,
                            struct list *names);

/*
 * The policy of those words. The security level follows from the lowest version.
 *
 * out_policy  one block of memory with its texts, mem_free()
 * Fails       tls.policy.word, tls.policy.unusable (which version, and what it lacks), base.oom
 */
bool tls_policy_from_words(const struct tls_policy_words *words, struct tls_policy **out_policy,
                           struct err *e) PL_MUST_USE;

/* True when some version of the policy can use a certificate with that kind of key. */
bool tls_policy_serves(const struct tls_policy *policy, enum key_family family, unsigned bits);

#endif
