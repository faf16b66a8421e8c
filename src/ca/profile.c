/* The table of profiles, which one a set of names gets, and each profile's rules on names and keys.
 */
#include "ca/profile.h"

#include "base/str.h"
#include "codec/hostname.h"
#include "codec/ip.h"

#include <string.h>

static const struct ca_profile profiles[CA_PROFILE_COUNT] = {
    [CA_PROFILE_SERVER] =
        {
            .id = CA_PROFILE_SERVER,
            .name = "server",
            .about = "public names, by the Baseline Requirements that browsers hold public CAs to",
            .has_policy = true,
            .needs_base_url = true,
            .names_max = CA_SERVER_NAMES_MAX,
        },
    [CA_PROFILE_INTERNAL] =
        {
            .id = CA_PROFILE_INTERNAL,
            .name = "internal",
            .about =
                "also single words, private names and addresses, organizational units, Ed25519",
            .allows_internal_names = true,
            .allows_private_addresses = true,
            .allows_unit = true,
            .allows_ed25519 = true,
            .names_max = CA_INTERNAL_NAMES_MAX,
            .days_default = CA_INTERNAL_DAYS,
            .days_max = CA_INTERNAL_DAYS_MAX,
        },
};

/* The suffix list has these, and yet no name below them is anyone's in the public DNS. */
static const char *const special_use[] = {
    "home.arpa", /* RFC 8375 */
    "onion",     /* RFC 7686; BR appendix B would need its own validation */
};

static const char *const reverse_zones[] = {"in-addr.arpa", "ip6.arpa"};

#define INTERNAL_HINT "the profile \"internal\" allows it: --profile internal"

const char *ca_validation_name(enum ca_validation validation) {
    switch (validation) {
    case CA_VALIDATION_NONE:
        return "";
    case CA_VALIDATION_DOMAIN:
        return "DV";
    case CA_VALIDATION_ORGANIZATION:
        return "OV";
    }
    PL_BUG_UNLESS(false);
}

const struct ca_profile *ca_profile_get(enum ca_profile_id id) {
    return &profiles[id];
}

bool ca_profile_find(const char *name, const struct ca_profile **out_profile, struct err *e) {
    for (size_t i = 0; i < PL_ARRAY_LEN(profiles); i++) {
        if (str_equal_nocase(name, profiles[i].name)) {
            *out_profile = &profiles[i];
            return true;
        }
    }
    (void)err_set(e, ERR_CA_PROFILE_UNKNOWN, "there is no profile \"%.60s\"", name);
    return err_hint(e, "profiles: server, internal");
}

/* True when name is zone or lies below it; names are canonical. */
static bool is_within(const char *name, const char *zone) {
    if (!str_ends_with(name, zone)) {
        return false;
    }
    size_t before_len = strlen(name) - strlen(zone);
    return before_len == 0 || name[before_len - 1] == '.';
}

static bool is_within_any(const char *name, const char *const *zones, size_t zone_count) {
    for (size_t i = 0; i < zone_count; i++) {
        if (is_within(name, zones[i])) {
            return true;
        }
    }
    return false;
}

static bool check_public_host(const char *host, struct err *e) {
    if (is_within_any(host, reverse_zones, PL_ARRAY_LEN(reverse_zones))) {
        (void)err_set(e, ERR_CA_NAME_REVERSE_ZONE, "\"%s\" lies in a zone for reverse look-ups",
                      host);
        return err_hint(e, "ask for the address itself, or for a host name");
    }
    if (hostname_is_under_public_suffix(host) &&
        !is_within_any(host, special_use, PL_ARRAY_LEN(special_use))) {
        return true;
    }
    if (hostname_is_public_suffix(host)) {
        (void)err_set(e, ERR_CA_NAME_NOT_PUBLIC, "\"%s\" is a public suffix, not a host below one",
                      host);
    } else if (hostname_is_single_label(host)) {
        (void)err_set(e, ERR_CA_NAME_NOT_PUBLIC, "\"%s\" is a single word, not a public name",
                      host);
    } else {
        (void)err_set(e, ERR_CA_NAME_NOT_PUBLIC, "\"%s\" is not under a public suffix", host);
    }
    return err_hint(e, INTERNAL_HINT);
}

static const char *address_kind(enum ip_kind kind) {
    switch (kind) {
    case IP_PUBLIC:
        return "public";
    case IP_PRIVATE:
        return "private";
    case IP_LOOPBACK:
        return "loopback";
    case IP_LINK_LOCAL:
        return "link-local";
    case IP_RESERVED:
        return "reserved";
    }
    PL_BUG_UNLESS(false);
}

static bool check_public_address(const char *text, struct err *e) {
    struct ip ip;
    enum ip_kind kind = ip_parse(text, &ip) ? ip_classify(&ip) : IP_RESERVED;
    if (kind == IP_PUBLIC) {
        return true;
    }
    (void)err_set(e, ERR_CA_NAME_RESERVED_ADDRESS, "%s is a %s address", text, address_kind(kind));
    return err_hint(e, INTERNAL_HINT);
}

bool ca_profile_check_name(const struct ca_profile *profile, const struct san *name,
                           struct err *e) {
    if (name->kind == SAN_DNS) {
        return profile->allows_internal_names || check_public_host(name->text, e);
    }
    PL_BUG_UNLESS(name->kind == SAN_IP);
    return profile->allows_private_addresses || check_public_address(name->text, e);
}

bool ca_profile_check_key(const struct ca_profile *profile, const struct key_spec *key,
                          struct err *e) {
    switch (key->family) {
    case KEY_RSA:
    case KEY_EC:
        return true;
    case KEY_ED25519:
        if (profile->allows_ed25519) {
            return true;
        }
        (void)err_set(e, ERR_CA_PROFILE_KEY, "browsers and public CAs do not take Ed25519 keys");
        return err_hint(
            e, "make the request with an ECDSA P-256 or RSA key, or use --profile internal");
    case KEY_OTHER:
        (void)err_set(e, ERR_CA_PROFILE_KEY,
                      "the key is of no kind that certificates are issued for");
        return err_hint(e, "make the request with an ECDSA P-256 or RSA key");
    }
    PL_BUG_UNLESS(false);
}

static void choose(struct ca_profile_choice *out, enum ca_profile_id id, const char *reason) {
    out->profile = &profiles[id];
    (void)str_copy(out->reason, sizeof(out->reason), reason);
}

void ca_profile_choose(const struct san_list *sans, struct ca_profile_choice *out_choice) {
    size_t name_count = 0;
    bool has_address = false;
    for (size_t i = 0; i < sans->count; i++) {
        const struct san *name = &sans->items[i];
        if (name->kind != SAN_DNS && name->kind != SAN_IP) {
            continue;
        }
        struct err why = {0};
        if (!ca_profile_check_name(&profiles[CA_PROFILE_SERVER], name, &why)) {
            choose(out_choice, CA_PROFILE_INTERNAL, why.step[0]);
            return;
        }
        name_count++;
        has_address = has_address || name->kind == SAN_IP;
    }
    if (name_count == 0) {
        choose(out_choice, CA_PROFILE_INTERNAL, "it asks for no name");
    } else if (has_address) {
        choose(out_choice, CA_PROFILE_SERVER,
               "every name is under a public suffix and every address public");
    } else {
        choose(out_choice, CA_PROFILE_SERVER, "every name is under a public suffix");
    }
}
