/* Facts become findings. */
#include "inspect/scan/judge.h"

#include "base/clock.h"
#include "base/str.h"
#include "inspect/scan/judge_parts.h"
#include "inspect/wire/numbers.h"
#include "pki/cert_facts.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

static const struct finding_about abouts[FINDING_COUNT] = {
#define FINDING(name, code, severity, cap, sentence, mend, elsewhere)                              \
    [FINDING_##name] = {code, SEVERITY_##severity, GRADE_##cap, sentence, mend, elsewhere},
#include "inspect/scan/findings.def"
#undef FINDING
};

const struct finding_about *finding_about(enum finding_id id) {
    return &abouts[id];
}

const char *severity_word(enum severity severity) {
    static const char *const words[SEVERITY_COUNT] = {"critical", "high", "medium", "low", "info"};
    return words[severity];
}

const char *grade_word(enum grade grade) {
    static const char *const words[GRADE_COUNT] = {"A+", "A", "A-", "B", "C",
                                                   "D",  "E", "F",  "M", "T"};
    return words[grade];
}

void judge_find(struct scan_judgement *j, enum finding_id id, const char *detail) {
    for (size_t i = 0; i < j->finding_count; i++) {
        if (j->findings[i].id == id) {
            return;
        }
    }
    struct scan_finding *finding = &j->findings[j->finding_count++];
    finding->id = id;
    (void)str_copy(finding->detail, sizeof(finding->detail), detail);
}

static void find_if(struct scan_judgement *j, bool is_so, enum finding_id id) {
    if (is_so) {
        judge_find(j, id, "");
    }
}

/* --- HTTP ----------------------------------------------------------------------------------------
 */

bool scan_head_field(const struct buf *head, const char *name, char *out, size_t size) {
    const char *at = buf_string(head);
    size_t name_len = strlen(name);
    while ((at = strchr(at, '\n')) != NULL) {
        at++;
        if (*at == '\r' || *at == '\n') {
            return false; /* the head ends */
        }
        size_t i = 0;
        while (i < name_len && str_lower_char(at[i]) == str_lower_char(name[i])) {
            i++;
        }
        if (i == name_len && at[i] == ':') {
            const char *value = at + i + 1;
            value += strspn(value, " \t");
            size_t len = strcspn(value, "\r\n");
            len = len < size - 1 ? len : size - 1;
            memcpy(out, value, len);
            out[len] = '\0';
            return true;
        }
    }
    return false;
}

int64_t scan_hsts_age_s(const struct buf *head) {
    char field[256];
    char number[16];
    uint64_t age = 0;
    if (!scan_head_field(head, "Strict-Transport-Security", field, sizeof(field))) {
        return -1;
    }
    str_lower(field);
    const char *at = strstr(field, "max-age");
    at = at == NULL ? NULL : at + strlen("max-age");
    if (at == NULL) {
        return -1;
    }
    at += strspn(at, " =\"");
    size_t len = strspn(at, "0123456789");
    if (len == 0 || len >= sizeof(number)) {
        return len == 0 ? -1 : INT32_MAX;
    }
    memcpy(number, at, len);
    number[len] = '\0';
    return str_to_u64(number, INT64_MAX, &age) ? (int64_t)age : -1;
}

static void judge_http(const struct scan_host *h, struct scan_judgement *j) {
    enum { HALF_A_YEAR_S = 180 * 24 * 60 * 60 };
    int64_t age_s = scan_hsts_age_s(&h->head);
    if (h->head.len == 0 || !str_starts_with(buf_string(&h->head), "HTTP/")) {
        return;
    }
    find_if(j, age_s < 0, FINDING_NO_HSTS);
    find_if(j, age_s >= 0 && age_s < HALF_A_YEAR_S, FINDING_SHORT_HSTS);
}

/* --- versions and attacks ------------------------------------------------------------------------
 */

static void judge_versions(const struct scan_host *h, struct scan_judgement *j) {
    bool is_10 = scan_host_speaks(h, WIRE_TLS10);
    bool is_11 = scan_host_speaks(h, WIRE_TLS11);
    bool is_12 = scan_host_speaks(h, WIRE_TLS12);
    bool is_13 = scan_host_speaks(h, WIRE_TLS13);
    find_if(j, h->has_ssl2 == FACT_YES, FINDING_SSL2);
    find_if(j, scan_host_speaks(h, WIRE_SSL30), FINDING_SSL3);
    find_if(j, !is_12 && !is_13, FINDING_NO_TLS12);
    if (is_10 || is_11) {
        judge_find(j, FINDING_OLD_VERSION,
                   is_10 && is_11 ? "TLS 1.0 and TLS 1.1" : (is_10 ? "TLS 1.0" : "TLS 1.1"));
    }
    find_if(j, is_12 && !is_13, FINDING_NO_TLS13);
    find_if(j, h->is_tolerant == FACT_NO, FINDING_INTOLERANT);
    find_if(j, h->has_early_data == FACT_YES, FINDING_EARLY_DATA);
}

enum answer_weakness judge_robot(const struct scan_host *h) {
    enum answer_weakness first = h->robot[0].outcome;
    enum answer_weakness second = h->robot[1].outcome;
    if (first == ANSWER_VULNERABLE || second == ANSWER_VULNERABLE) {
        return ANSWER_VULNERABLE;
    }
    return first == second ? first : ANSWER_UNCLEAR;
}

/* Who does not know RFC 5746 and was not seen to refuse counts as one who would. */
static void judge_renegotiation(const struct scan_host *h, struct scan_judgement *j) {
    bool is_ignorant = scan_host_newest_12(h) != 0 && h->has_secure_renegotiation == FACT_NO;
    bool refuses = h->renegotiates_insecurely == FACT_NO;
    find_if(j, h->renegotiates_insecurely == FACT_YES || (is_ignorant && !refuses),
            FINDING_INSECURE_RENEGOTIATION);
    find_if(j, is_ignorant && refuses, FINDING_NO_SECURE_RENEGOTIATION);
    find_if(j, h->renegotiates == FACT_YES, FINDING_CLIENT_RENEGOTIATION);
}

static void judge_attacks(const struct scan_host *h, struct scan_judgement *j) {
    enum { WEEK_S = 7 * 24 * 60 * 60 };
    find_if(j, h->heartbleed == ANSWER_VULNERABLE, FINDING_HEARTBLEED);
    find_if(j, h->early_change == ANSWER_VULNERABLE, FINDING_EARLY_CHANGE);
    find_if(j, judge_robot(h) == ANSWER_VULNERABLE, FINDING_ROBOT);
    find_if(j, h->compresses == FACT_YES, FINDING_COMPRESSION);
    judge_renegotiation(h, j);
    find_if(j, h->has_fallback_protection == FACT_NO, FINDING_NO_FALLBACK_PROTECTION);
    find_if(j, h->has_heartbeat == FACT_YES, FINDING_HEARTBEAT);
    find_if(j, h->ticket_lifetime_s > WEEK_S, FINDING_LONG_TICKETS);
}

/* --- suites --------------------------------------------------------------------------------------
 */

/* What all versions' suites have between them. */
struct suite_facts {
    bool has_aead;
    bool has_forward_secrecy;
    bool has_static;
    bool is_any;
};

static void judge_suite(const struct scan_suite *s, uint16_t version, struct suite_facts *facts,
                        struct scan_judgement *j) {
    bool is_anonymous = s->exchange == SCAN_EXCHANGE_ANON;
    bool is_static = s->exchange == SCAN_EXCHANGE_STATIC;
    const char *name = s->name;
    facts->is_any = true;
    facts->has_aead = facts->has_aead || (s->mode == SCAN_MODE_AEAD && !is_anonymous);
    facts->has_static = facts->has_static || is_static;
    facts->has_forward_secrecy = facts->has_forward_secrecy || (!is_static && !is_anonymous);
    if (s->mode == SCAN_MODE_NULL) {
        judge_find(j, FINDING_NULL_SUITE, name);
        return;
    }
    if (is_anonymous) {
        judge_find(j, FINDING_ANONYMOUS, name);
    }
    if (s->is_rsa_export) {
        judge_find(j, FINDING_EXPORT_RSA, name);
    } else if (s->is_export && s->exchange == SCAN_EXCHANGE_DHE) {
        judge_find(j, FINDING_EXPORT_DH, name);
    } else if (s->is_export) {
        judge_find(j, FINDING_EXPORT, name);
    } else if (s->bits < 112) {
        judge_find(j, FINDING_WEAK_SUITE, name);
    }
    if (s->is_rc4) {
        judge_find(j, FINDING_RC4, name);
    }
    if (s->is_block64 && s->bits >= 112) {
        judge_find(j, FINDING_BLOCK64, name);
    }
    if (version == WIRE_TLS10 && s->mode == SCAN_MODE_CBC) {
        judge_find(j, FINDING_BEAST, name);
    }
}

static bool is_poor(uint16_t code) {
    struct scan_suite s;
    return scan_suite_find(code, &s) &&
           (s.exchange == SCAN_EXCHANGE_STATIC || s.mode != SCAN_MODE_AEAD);
}

static void judge_order(const struct scan_version *v, struct scan_judgement *j) {
    bool has_poor = false;
    for (size_t i = 0; i < v->suite_count; i++) {
        has_poor = has_poor || is_poor(v->suites[i]);
    }
    if (v->order == ORDER_CLIENT && has_poor && v->version != WIRE_TLS13) {
        judge_find(j, FINDING_CLIENT_ORDER, wire_version_name(v->version));
    }
}

static void judge_suites(const struct scan_host *h, struct scan_judgement *j) {
    struct suite_facts facts = {.is_any = false};
    struct scan_suite suite;
    for (size_t i = 0; i < SCAN_VERSIONS; i++) {
        const struct scan_version *v = &h->versions[i];
        for (size_t k = 0; k < v->suite_count; k++) {
            if (scan_suite_find(v->suites[k], &suite)) {
                judge_suite(&suite, v->version, &facts, j);
            }
        }
        judge_order(v, j);
    }
    if (facts.is_any) {
        find_if(j, !facts.has_aead, FINDING_NO_AEAD);
        find_if(j, !facts.has_forward_secrecy, FINDING_NO_FORWARD_SECRECY);
        find_if(j, facts.has_forward_secrecy && facts.has_static, FINDING_STATIC_EXCHANGE);
    }
}

/* --- key exchange and signatures -----------------------------------------------------------------
 */

/* Binary curves, and prime ones under 224 bits. */
static bool is_weak_group(uint16_t group) {
    return group >= 1 && group <= 19;
}

static bool has_hybrid(const struct scan_numbers *groups) {
    for (size_t i = 0; i < groups->count; i++) {
        bool is_mlkem = (groups->items[i] >= 0x0200 && groups->items[i] <= 0x0202) ||
                        (groups->items[i] >= 0x11EB && groups->items[i] <= 0x11ED);
        if (is_mlkem) {
            return true;
        }
    }
    return false;
}

static bool is_sha1_scheme(uint16_t scheme) {
    return scheme >> 8 == 1 || scheme >> 8 == 2;
}

static void judge_exchange(const struct scan_host *h, struct scan_judgement *j) {
    char bits[32];
    (void)snprintf(bits, sizeof(bits), "%u bits", h->dh_bits);
    if (h->dh_bits > 0 && h->dh_bits < 2048) {
        judge_find(j, h->dh_bits < 1024 ? FINDING_TINY_DH : FINDING_SMALL_DH, bits);
    }
    for (size_t i = 0; i < h->groups_12.count; i++) {
        find_if(j, is_weak_group(h->groups_12.items[i]), FINDING_WEAK_GROUP);
    }
    find_if(j, scan_host_speaks(h, WIRE_TLS13) && !has_hybrid(&h->groups_13), FINDING_NO_HYBRID);
    for (size_t i = 0; i < h->schemes_12.count; i++) {
        find_if(j, is_sha1_scheme(h->schemes_12.items[i]), FINDING_SHA1_SIGNATURE);
    }
}

/* --- certificates --------------------------------------------------------------------------------
 */

static const struct {
    enum err_code code;
    enum finding_id finding;
} chain_faults[] = {
    {ERR_VERIFY_EXPIRED, FINDING_CERT_EXPIRED},
    {ERR_VERIFY_NOT_YET_VALID, FINDING_CERT_EXPIRED},
    {ERR_VERIFY_ISSUER_EXPIRED, FINDING_CERT_EXPIRED},
    {ERR_VERIFY_ISSUER_NOT_YET_VALID, FINDING_CERT_EXPIRED},
    {ERR_VERIFY_NAME_MISMATCH, FINDING_CERT_NAME},
    {ERR_VERIFY_NO_NAMES, FINDING_CERT_NAME},
    {ERR_VERIFY_SELF_SIGNED, FINDING_CERT_UNTRUSTED},
    {ERR_VERIFY_UNTRUSTED, FINDING_CERT_UNTRUSTED},
    {ERR_VERIFY_INCOMPLETE_CHAIN, FINDING_CERT_INCOMPLETE},
    {ERR_VERIFY_REVOKED, FINDING_CERT_REVOKED},
    {ERR_VERIFY_WEAK_KEY, FINDING_CERT_WEAK_KEY},
    {ERR_VERIFY_WEAK_SIGNATURE, FINDING_CERT_WEAK_SIGNATURE},
};

static enum finding_id finding_of(enum err_code code) {
    for (size_t i = 0; i < PL_ARRAY_LEN(chain_faults); i++) {
        if (chain_faults[i].code == code) {
            return chain_faults[i].finding;
        }
    }
    return FINDING_CERT_OTHER;
}

static void judge_dates(const struct cert *leaf, int64_t now_ms, struct scan_judgement *j) {
    char detail[64];
    int64_t left_ms = leaf->not_after_ms - now_ms;
    int64_t life_ms = leaf->not_after_ms - leaf->not_before_ms;
    /* Within the last fifth of its life, and the last month. */
    if (left_ms > 0 && left_ms < 30 * DAY_MS && left_ms < life_ms / 5) {
        (void)snprintf(detail, sizeof(detail), "in %lld days", (long long)(left_ms / DAY_MS));
        judge_find(j, FINDING_CERT_EXPIRING, detail);
    }
}

static bool names_address(const struct cert *leaf, enum cert_address kind) {
    PL_AUTO(list_clear) struct list urls;
    list_init(&urls, CERT_FACTS_MAX);
    return cert_addresses(leaf, kind, &urls, NULL) && urls.count > 0;
}

/* An issuer that is not presented and cannot be fetched: nobody can tell whether to trust it. */
static enum finding_id finding_for(const struct cert *leaf, enum err_code code) {
    bool is_lost = code == ERR_VERIFY_INCOMPLETE_CHAIN && !names_address(leaf, CERT_ADDRESS_ISSUER);
    return is_lost ? FINDING_CERT_UNTRUSTED : finding_of(code);
}

static void judge_chain(const struct scan_chain *chain, const struct scan_verified *verified,
                        int64_t now_ms, struct scan_judgement *j) {
    const struct cert *leaf = chain->certs.items[0];
    const struct verdict *verdict = &verified->verdict;
    const struct verify_presentation *shown = &verdict->presentation;
    for (size_t i = 0; i < verdict->faults.count; i++) {
        const struct verify_check *fault = &verdict->faults.items[i];
        judge_find(j, finding_for(leaf, fault->code), fault->sentence);
    }
    if (verified->weakness.code != ERR_NONE) {
        judge_find(j, FINDING_CERT_WEAK_KEY, verified->weakness.step[0]);
    }
    judge_dates(leaf, now_ms, j);
    if (shown->is_unsorted || shown->has_superfluous_root || shown->stranger_count > 0 ||
        shown->duplicate_count > 0) {
        judge_find(j, FINDING_CERT_ORDER, shown->notes.count > 0 ? shown->notes.items[0] : "");
    }
    if (chain->ocsp.len == 0 && cert_wants_staple(leaf)) {
        judge_find(j, FINDING_MUST_STAPLE, "");
    } else {
        find_if(j, chain->ocsp.len == 0 && names_address(leaf, CERT_ADDRESS_OCSP),
                FINDING_NO_STAPLE);
    }
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static void sort_findings(struct scan_judgement *j) {
    for (size_t i = 1; i < j->finding_count; i++) {
        const struct scan_finding moved = j->findings[i];
        size_t at = i;
        /* The table's order within a severity. */
        while (at > 0 && (abouts[j->findings[at - 1].id].severity > abouts[moved.id].severity ||
                          (abouts[j->findings[at - 1].id].severity == abouts[moved.id].severity &&
                           j->findings[at - 1].id > moved.id))) {
            j->findings[at] = j->findings[at - 1];
            at--;
        }
        j->findings[at] = moved;
    }
}

void scan_judge(const struct scan_host *h, const struct scan_verified *chains, int64_t now_ms,
                struct scan_judgement *out) {
    *out = (struct scan_judgement){.finding_count = 0};
    if (h->state != SCAN_FINISHED) {
        return;
    }
    if (!h->is_quick) {
        judge_versions(h, out);
        judge_attacks(h, out);
        judge_suites(h, out);
        judge_exchange(h, out);
        judge_http(h, out);
        find_if(out, h->has_caa == FACT_NO, FINDING_NO_CAA);
    }
    if (h->unreadable[0] != '\0') {
        judge_find(out, FINDING_CERT_OTHER, h->unreadable);
    }
    for (size_t i = 0; i < h->chain_count; i++) {
        if (chains[i].counts) {
            judge_chain(&h->chains[i], &chains[i], now_ms, out);
        }
    }
    sort_findings(out);
    judge_grade(h, chains, out);
}
