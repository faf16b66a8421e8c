/*
 * Profiles: what kinds of leaf certificate the CA issues, as one table of facts that the gate, the
 * lifetime and the builder read.
 *
 *   server    the Baseline Requirements' leaf: names under a public suffix, public addresses; DV,
 * or OV when O, C and L or ST are there; RSA ≥ 2048 or P-256/384/521; lifetime by the policy clock
 *   internal  also single-label names, private names and addresses, OU, Ed25519; longer lifetimes
 *
 * Source: BR §7.1.2.7, §7.1.4.2, §6.1.5, §4.2.2.
 */
#ifndef PL_CA_PROFILE_H
#define PL_CA_PROFILE_H

#include "base/compiler.h"
#include "base/err.h"
#include "pki/key.h"
#include "pki/name.h"

enum ca_profile_id { CA_PROFILE_SERVER, CA_PROFILE_INTERNAL, CA_PROFILE_COUNT };

enum {
    CA_SERVER_NAMES_MAX =
        100, /* as public CAs: keeps the certificate within one TLS record flight */
    CA_INTERNAL_NAMES_MAX = SAN_MAX,
    CA_INTERNAL_DAYS = 199,
    CA_INTERNAL_DAYS_MAX = 825, /* what Apple's systems accept from any root, own ones too */
};

struct ca_profile {
    enum ca_profile_id id;
    const char *name;
    const char *about;
    bool
        allows_internal_names; /* single-label names, names under no public suffix, reverse zones */
    bool allows_private_addresses;
    bool allows_unit; /* OU in the subject */
    bool allows_ed25519;
    bool has_policy; /* certificatePolicies with exactly one reserved OID */
    bool needs_base_url;
    unsigned names_max;
    unsigned days_default; /* 0: as the policy clock says for the day of issue */
    unsigned days_max;     /* the same */
};

/* How the subject was, or is to be, validated. */
enum ca_validation {
    CA_VALIDATION_NONE,         /* internal: no reserved policy */
    CA_VALIDATION_DOMAIN,       /* DV, 2.23.140.1.2.1 */
    CA_VALIDATION_ORGANIZATION, /* OV, 2.23.140.1.2.2 */
};
/* "DV", "OV", "" */
const char *ca_validation_name(enum ca_validation validation);

const struct ca_profile *ca_profile_get(enum ca_profile_id id);
/* By name, letters in either case. Fails ca.profile.unknown. */
bool ca_profile_find(const char *name, const struct ca_profile **out_profile, struct err *e)
    PL_MUST_USE;

enum { CA_PROFILE_REASON_MAX = 400 };

struct ca_profile_choice {
    const struct ca_profile *profile;
    char reason[CA_PROFILE_REASON_MAX]; /* "every name is under a public suffix"; may hold a name
                                           from outside */
};

/*
 * server when every host name is under a public suffix and every address is a public one, else
 * internal. The reason names the first name that decided. sans hold DNS names as A-labels and
 * canonical addresses; other kinds do not count. No names: internal.
 */
void ca_profile_choose(const struct san_list *sans, struct ca_profile_choice *out_choice);

/*
 * Whether the profile allows one name (DNS or IP).
 * Fails ca.name.not_public, ca.name.reverse_zone, ca.name.reserved_address, each with a hint.
 */
bool ca_profile_check_name(const struct ca_profile *profile, const struct san *name, struct err *e)
    PL_MUST_USE;
/* Whether the profile allows the kind of key. Fails ca.profile.key. Not done: strength, see
 * csr_check(). */
bool ca_profile_check_key(const struct ca_profile *profile, const struct key_spec *key,
                          struct err *e) PL_MUST_USE;

#endif
