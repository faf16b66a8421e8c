/* Policies in words: parsing, checking, and back. No library is asked here; see policy.c. */
#include "tls/policy_words.h"

#include "base/mem.h"
#include "base/str.h"

#include <openssl/ssl.h>

#include <string.h>

enum { TEXT_MAX = 8 * 1024, VERSION_COUNT = 4 };

#define SEPARATORS ", :\t\r\n"

static const char *kind_noun(enum tls_kind kind) {
    static const char *const nouns[TLS_KIND_COUNT] = {
        [TLS_KIND_SUITE] = "cipher suite",  [TLS_KIND_GROUP] = "group",
        [TLS_KIND_SCHEME] = "signature",    [TLS_KIND_EXTENSION] = "extension",
        [TLS_KIND_VERSION] = "TLS version",
    };
    return nouns[kind];
}

static unsigned version_flag(int version) {
    return version >= TLS1_3_VERSION   ? TLS_ENTRY_TLS13
           : version == TLS1_2_VERSION ? TLS_ENTRY_TLS12
                                       : TLS_ENTRY_LEGACY;
}

static unsigned version_flags(int min, int max) {
    unsigned flags = 0;
    for (int version = min; version <= max; version++) {
        flags |= version_flag(version);
    }
    return flags;
}

/* --- words in ---------------------------------------------------------------------------------
 */

static bool parse_version(const char *text, size_t len, int *out_version, struct err *e) {
    size_t skipped =
        len > 3 && (memcmp(text, "TLS", 3) == 0 || memcmp(text, "tls", 3) == 0) ? 3 : 0;
    skipped += skipped > 0 && len > skipped && text[skipped] == ' ' ? 1 : 0;
    const struct tls_entry *entry =
        tls_registry_named(TLS_KIND_VERSION, text + skipped, len - skipped);
    if (entry == NULL || entry->library == NULL) {
        (void)err_set(e, ERR_TLS_POLICY_WORD, "\"%.*s\" is not a TLS version",
                      (int)(len < 40 ? len : 40), text);
        return err_hint(e, "write 1.3, 1.2-1.3 or, for very old clients, 1.0-1.3");
    }
    *out_version = entry->code;
    return true;
}

bool tls_policy_parse_versions(const char *text, int *out_min, int *out_max, struct err *e) {
    const char *dash = strchr(text, '-');
    size_t first = dash == NULL ? strlen(text) : (size_t)(dash - text);
    const char *second = dash == NULL ? text : dash + 1;
    int min = 0;
    int max = 0;
    if (!parse_version(text, first, &min, e) || !parse_version(second, strlen(second), &max, e)) {
        return false;
    }
    *out_min = min < max ? min : max;
    *out_max = min < max ? max : min;
    return true;
}

static bool refuse_word(enum tls_kind kind, const struct tls_entry *entry, const char *word,
                        size_t len, struct err *e) {
    if (entry == NULL) {
        (void)err_set(e, ERR_TLS_POLICY_WORD, "there is no %s \"%.*s\"", kind_noun(kind),
                      (int)(len < 80 ? len : 80), word);
        return err_hint(e, "\"padlock policy show old\" shows the names that can be used");
    }
    bool is_static_rsa = str_starts_with(entry->name, "TLS_RSA_");
    (void)err_set(e, ERR_TLS_POLICY_WORD, "%s is never served here%s%s", entry->name,
                  entry->about[0] == '\0' ? "" : ": ", entry->about);
    return err_hint(e, is_static_rsa ? "take the same suite with ECDHE in its name"
                                     : "\"padlock policy show old\" shows what can be used");
}

bool tls_policy_parse_names(enum tls_kind kind, const char *text, struct list *out, struct err *e) {
    for (const char *at = text + strspn(text, SEPARATORS); *at != '\0';
         at += strspn(at, SEPARATORS)) {
        size_t len = strcspn(at, SEPARATORS);
        const struct tls_entry *entry = tls_registry_named(kind, at, len);
        if (entry == NULL || entry->library == NULL) {
            return refuse_word(kind, entry, at, len, e);
        }
        if (list_has(out, entry->name)) {
            return err_set(e, ERR_TLS_POLICY_WORD, "%s is there twice", entry->name);
        }
        if (!list_add(out, entry->name, e)) {
            return false;
        }
        at += len;
    }
    return true;
}

/* --- and out ----------------------------------------------------------------------------------
 */

/* The next name of a list in the library's form; NULL at its end. */
static const struct tls_entry *next_entry(enum tls_kind kind, const char **at) {
    while (**at != '\0') {
        const char *name = *at + (**at == '?' ? 1 : 0);
        size_t len = strcspn(name, ":");
        *at = name + len + (name[len] == ':' ? 1 : 0);
        const struct tls_entry *entry = tls_registry_named(kind, name, len);
        if (entry != NULL) {
            return entry;
        }
    }
    return NULL;
}

bool tls_policy_names(enum tls_kind kind, const char *library_list, struct list *out,
                      struct err *e) {
    const struct tls_entry *entry = NULL;
    while ((entry = next_entry(kind, &library_list)) != NULL) {
        if (!list_add(out, entry->name, e)) {
            return false;
        }
    }
    return true;
}

void tls_policy_drop_unused(enum tls_kind kind, int version_min, int version_max,
                            struct list *names) {
    unsigned wanted = version_flags(version_min, version_max);
    for (size_t i = names->count; i-- > 0;) {
        const struct tls_entry *entry =
            tls_registry_named(kind, names->items[i], strlen(names->items[i]));
        if (entry != NULL && (entry->flags & wanted) == 0) {
            list_remove(names, i);
        }
    }
}

/* --- could anybody use it? --------------------------------------------------------------------
 */

enum { FAMILIES = TLS_ENTRY_EC | TLS_ENTRY_RSA | TLS_ENTRY_ED25519 };

/* The key families that the list's entries for a version go with. */
static unsigned families_of(enum tls_kind kind, const char *list, unsigned version) {
    unsigned families = 0;
    const struct tls_entry *entry = NULL;
    while ((entry = next_entry(kind, &list)) != NULL) {
        families |= (entry->flags & version) != 0 ? entry->flags & FAMILIES : 0U;
    }
    return families;
}

/* An Ed25519 key goes with the suites of EC keys. */
static unsigned suite_families(const struct tls_policy *policy, unsigned version) {
    bool is_tls13 = version == TLS_ENTRY_TLS13;
    unsigned families = families_of(
        TLS_KIND_SUITE, is_tls13 ? policy->suites_tls13 : policy->suites_tls12, version);
    return families | ((families & TLS_ENTRY_EC) != 0 ? TLS_ENTRY_ED25519 : 0U);
}

/* Before TLS 1.2 the signature is fixed, and Ed25519 has none. */
static unsigned scheme_families(const struct tls_policy *policy, unsigned version) {
    return version == TLS_ENTRY_LEGACY
               ? TLS_ENTRY_EC | TLS_ENTRY_RSA
               : families_of(TLS_KIND_SCHEME, policy->signature_schemes, version);
}

static bool has_group(const struct tls_policy *policy, unsigned version) {
    const char *groups = policy->groups;
    const struct tls_entry *entry = NULL;
    while ((entry = next_entry(TLS_KIND_GROUP, &groups)) != NULL) {
        if ((entry->flags & version) != 0) {
            return true;
        }
    }
    return false;
}

static bool check_version(const struct tls_policy *policy, int version, struct err *e) {
    unsigned flag = version_flag(version);
    unsigned by_suites = suite_families(policy, flag);
    const char *missing = NULL;
    if (by_suites == 0) {
        missing = "has no cipher suite for it";
    } else if (!has_group(policy, flag)) {
        missing = "has no group for it";
    } else if (scheme_families(policy, flag) == 0) {
        missing = "has no signature for it";
    } else if ((by_suites & scheme_families(policy, flag)) == 0) {
        missing = "has suites and signatures for it that belong to different kinds of keys";
    }
    if (missing == NULL) {
        return true;
    }
    (void)err_set(e, ERR_TLS_POLICY_UNUSABLE,
                  "no client could use %s with it: the policy allows the version and %s",
                  tls_version_text(version), missing);
    return err_hint(e, "add what is missing, or leave the version out with --versions");
}

bool tls_policy_serves(const struct tls_policy *policy, enum key_family family, unsigned bits) {
    unsigned wanted = family == KEY_EC        ? TLS_ENTRY_EC
                      : family == KEY_RSA     ? TLS_ENTRY_RSA
                      : family == KEY_ED25519 ? TLS_ENTRY_ED25519
                                              : 0U;
    bool is_served = false;
    for (int version = policy->version_min; version <= policy->version_max; version++) {
        unsigned flag = version_flag(version);
        is_served = is_served ||
                    (suite_families(policy, flag) & scheme_families(policy, flag) & wanted) != 0;
    }
    if (policy->version_min < TLS1_3_VERSION || family != KEY_EC) {
        return is_served;
    }
    /* In TLS 1.3 alone, the scheme names the curve too. */
    const char *schemes = policy->signature_schemes;
    const struct tls_entry *entry = NULL;
    uint16_t code = bits == 256 ? 0x0403 : bits == 384 ? 0x0503 : 0x0603;
    while ((entry = next_entry(TLS_KIND_SCHEME, &schemes)) != NULL) {
        if (entry->code == code) {
            return is_served;
        }
    }
    return false;
}

/* --- making one -------------------------------------------------------------------------------
 */

static bool check_used(enum tls_kind kind, const struct tls_entry *entry,
                       const struct tls_policy_words *words, struct err *e) {
    if ((entry->flags & version_flags(words->version_min, words->version_max)) != 0) {
        return true;
    }
    return err_set(e, ERR_TLS_POLICY_UNUSABLE, "the %s %s is of no use in the versions %s to %s",
                   kind_noun(kind), entry->name, tls_version_text(words->version_min),
                   tls_version_text(words->version_max));
}

/* Appends the library's list of the names for which any of the flags is set, and a NUL. */
static bool join(enum tls_kind kind, const struct list *names, unsigned flags,
                 const struct tls_policy_words *words, struct buf *out, struct err *e) {
    bool is_first = true;
    for (size_t i = 0; i < names->count; i++) {
        const struct tls_entry *entry =
            tls_registry_named(kind, names->items[i], strlen(names->items[i]));
        if (entry == NULL || entry->library == NULL) {
            return refuse_word(kind, entry, names->items[i], strlen(names->items[i]), e);
        }
        if (!check_used(kind, entry, words, e)) {
            return false;
        }
        if ((entry->flags & flags) == 0) {
            continue;
        }
        /* Hybrid groups came with OpenSSL 3.5: a library without them leaves them out. */
        bool is_optional = kind == TLS_KIND_GROUP && entry->flags == TLS_ENTRY_TLS13;
        if (!buf_printf(out, e, "%s%s%s", is_first ? "" : ":", is_optional ? "?" : "",
                        entry->library)) {
            return false;
        }
        is_first = false;
    }
    return buf_append_byte(out, '\0', e);
}

static bool append_text(struct buf *out, const char *text, struct err *e) {
    return buf_append(out, text, strlen(text) + 1, e);
}

static const char *next_text(const char **at) {
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

bool tls_policy_from_words(const struct tls_policy_words *words, struct tls_policy **out_policy,
                           struct err *e) {
    PL_AUTO(buf_clear) struct buf texts;
    buf_init(&texts, TEXT_MAX);
    const unsigned older = TLS_ENTRY_TLS12 | TLS_ENTRY_LEGACY;
    if (!append_text(&texts, words->name, e) || !append_text(&texts, words->about, e) ||
        !join(TLS_KIND_SUITE, words->suites, TLS_ENTRY_TLS13, words, &texts, e) ||
        !join(TLS_KIND_SUITE, words->suites, older, words, &texts, e) ||
        !join(TLS_KIND_GROUP, words->groups, UINT8_MAX, words, &texts, e) ||
        !join(TLS_KIND_SCHEME, words->schemes, UINT8_MAX, words, &texts, e)) {
        return false;
    }
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct tls_policy) + texts.len, &memory, e)) {
        return false;
    }
    PL_AUTO(mem_freep) struct tls_policy *policy = memory;
    memcpy(policy + 1, texts.data, texts.len);
    const char *at = (const char *)(policy + 1);
    policy->name = next_text(&at);
    policy->about = next_text(&at);
    policy->suites_tls13 = next_text(&at);
    policy->suites_tls12 = next_text(&at);
    policy->groups = next_text(&at);
    policy->signature_schemes = next_text(&at);
    policy->version_min = words->version_min;
    policy->version_max = words->version_max;
    policy->security_level = words->version_min < TLS1_2_VERSION ? 0 : 2;
    for (int version = words->version_max; version >= words->version_min; version--) {
        if (!check_version(policy, version, e)) {
            return false;
        }
    }
    *out_policy = PL_TAKE(policy);
    return true;
}
