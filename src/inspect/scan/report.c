/* A listener's document: one function for each kind of object in it. */
#include "inspect/scan/report.h"

#include "base/mem.h"
#include "base/str.h"
#include "inspect/scan/judge.h"
#include "inspect/trace/document.h"
#include "inspect/wire/numbers.h"

#include <openssl/x509.h>

#include <stdio.h>

enum { AUTHORITIES_MAX = 64 };

/* How much of chains, and of names, is told; less and less, until it fits. */
enum detail {
    DETAIL_ALL,
    DETAIL_LEAF,  /* bytes of the leaf alone */
    DETAIL_NAMES, /* no bytes */
    DETAIL_HEAD,  /* no chains, no authorities */
};

/* A value that may be unknown: null. */
static bool set_fact(json_t *o, const char *name, enum fact fact, struct err *e) {
    return fact == FACT_UNKNOWN ? json_set_text(o, name, NULL, e)
                                : json_set_bool(o, name, fact == FACT_YES, e);
}

/* Adds what was begun, or frees it. */
static bool set_object(json_t *parent, const char *name, json_t *o, bool ok, struct err *e) {
    if (!ok) {
        json_decref(o);
        return false;
    }
    return json_set_taken(parent, name, o, e);
}

static bool add_object(json_t *array, json_t *o, bool ok, struct err *e) {
    if (!ok) {
        json_decref(o);
        return false;
    }
    return json_add_taken(array, o, e);
}

/* --- versions, suites, numbers -------------------------------------------------------------------
 */

static const char *order_word(enum scan_order order) {
    static const char *const words[] = {NULL, "server",
                                        "server, ChaCha20 first for who puts it first", "client"};
    return words[order];
}

static bool add_suite(json_t *array, uint16_t code, struct err *e) {
    struct scan_suite suite;
    char unknown[8];
    bool is_known = scan_suite_find(code, &suite);
    const struct tls_entry *entry = tls_registry_find(TLS_KIND_SUITE, code);
    static const char *const ratings[] = {"good", "fair", "poor", "none"};
    json_t *o = json_object();
    (void)snprintf(unknown, sizeof(unknown), "0x%04X", code);
    bool ok = json_set_integer(o, "code", code, e) &&
              json_set_text(o, "name", is_known ? suite.name : unknown, e) &&
              json_set_integer(o, "bits", suite.bits, e) &&
              json_set_text(o, "rating", entry == NULL ? "poor" : ratings[entry->rating], e) &&
              json_set_text(o, "about", entry == NULL ? "" : entry->about, e);
    return add_object(array, o, ok, e);
}

static bool add_version(json_t *array, const struct scan_version *v, struct err *e) {
    json_t *o = json_object();
    json_t *suites = json_array();
    bool ok = suites != NULL;
    for (size_t i = 0; ok && i < v->suite_count; i++) {
        ok = add_suite(suites, v->suites[i], e);
    }
    ok = set_object(o, "suites", suites, ok, e) &&
         json_set_text(o, "name", wire_version_name(v->version), e) &&
         json_set_integer(o, "code", v->version, e) && set_fact(o, "is_spoken", v->is_spoken, e) &&
         json_set_text(o, "order", order_word(v->order), e);
    return add_object(array, o, ok, e);
}

static bool set_versions(json_t *o, const struct scan_host *h, struct err *e) {
    json_t *array = json_array();
    json_t *ssl2 = json_object();
    bool ok = json_set_text(ssl2, "name", "SSL 2.0", e) &&
              json_set_integer(ssl2, "code", WIRE_SSL20, e) &&
              set_fact(ssl2, "is_spoken", h->has_ssl2, e);
    ok = add_object(array, ssl2, ok, e);
    for (size_t i = 0; ok && i < SCAN_VERSIONS; i++) {
        ok = add_version(array, &h->versions[i], e);
    }
    return set_object(o, "versions", array, ok, e);
}

static bool add_number(json_t *array, enum tls_kind kind, uint16_t code, struct err *e) {
    const struct tls_entry *entry = tls_registry_find(kind, code);
    static const char *const ratings[] = {"good", "fair", "poor", "none"};
    char unknown[8];
    json_t *o = json_object();
    (void)snprintf(unknown, sizeof(unknown), "0x%04X", code);
    bool ok = json_set_integer(o, "code", code, e) &&
              json_set_text(o, "name", entry == NULL ? unknown : entry->name, e) &&
              json_set_text(o, "rating", entry == NULL ? "poor" : ratings[entry->rating], e) &&
              json_set_text(o, "about", entry == NULL ? "" : entry->about, e);
    return add_object(array, o, ok, e);
}

static bool set_numbers(json_t *o, const char *name, enum tls_kind kind,
                        const struct scan_numbers *numbers, struct err *e) {
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < numbers->count; i++) {
        ok = add_number(array, kind, numbers->items[i], e);
    }
    return set_object(o, name, array, ok, e);
}

static bool set_exchange(json_t *o, const struct scan_host *h, struct err *e) {
    return set_numbers(o, "groups_tls12", TLS_KIND_GROUP, &h->groups_12, e) &&
           set_numbers(o, "groups_tls13", TLS_KIND_GROUP, &h->groups_13, e) &&
           json_set_text(o, "group_order", order_word(h->group_order), e) &&
           json_set_integer(o, "dh_bits", h->dh_bits, e) &&
           set_numbers(o, "signatures_tls12", TLS_KIND_SCHEME, &h->schemes_12, e) &&
           set_numbers(o, "signatures_tls13", TLS_KIND_SCHEME, &h->schemes_13, e);
}

/* --- certificates --------------------------------------------------------------------------------
 */

static const char *host_of(const struct scan_host *h, const struct scan_chain *chain) {
    for (size_t i = 0; i < chain->name_count; i++) {
        if (chain->names[i][0] != '\0') {
            return chain->names[i];
        }
    }
    return h->name_count == 0 ? h->target.host : NULL;
}

static bool verify_chain(const struct scan_host *h, const struct scan_chain *chain,
                         const struct cert_list *anchors, int64_t now_ms, struct scan_verified *out,
                         struct err *e) {
    const struct verify_input input = {
        .leaf = chain->certs.items[0],
        .presented = &chain->certs,
        .anchors = anchors,
        .host = host_of(h, chain),
        .at_ms = now_ms,
        .ocsp = {{.der = chain->ocsp.len == 0 ? NULL : chain->ocsp.data,
                  .len = chain->ocsp.len,
                  .is_stapled = true}}};
    EVP_PKEY *key = X509_get0_pubkey(chain->certs.items[0]->x509);
    out->counts = host_of(h, chain) != NULL;
    if (key != NULL && !h->is_quick) {
        (void)!key_strength_check(key, &out->weakness);
    }
    return verify_certificate(&input, &out->verdict, e);
}

static bool set_names(json_t *o, const struct scan_chain *chain, struct err *e) {
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < chain->name_count; i++) {
        ok = json_add_taken(array, json_string(chain->names[i]), e);
    }
    return set_object(o, "names", array, ok, e);
}

static bool set_certificates(json_t *o, const struct scan_chain *chain, enum detail detail,
                             struct err *e) {
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < chain->certs.count; i++) {
        json_t *cert = trace_certificate(chain->certs.items[i], e);
        bool has_bytes = detail == DETAIL_ALL || (detail == DETAIL_LEAF && i == 0);
        if (!has_bytes && cert != NULL) {
            (void)json_object_del(cert, "der");
        }
        ok = cert != NULL && json_add_taken(array, cert, e);
    }
    return set_object(o, "certificates", array, ok, e);
}

static bool add_chain(json_t *array, const struct scan_chain *chain,
                      const struct scan_verified *verified, enum detail detail, struct err *e) {
    json_t *o = json_object();
    const struct err *weakness = &verified->weakness;
    bool ok = set_names(o, chain, e) && set_certificates(o, chain, detail, e) &&
              json_set_taken(o, "verification", trace_verification(&verified->verdict, e), e) &&
              json_set_list(o, "notes", &verified->verdict.presentation.notes, e) &&
              json_set_bool(o, "has_staple", chain->ocsp.len > 0, e) &&
              (weakness->code == ERR_NONE ||
               json_set_text(o, "key_weakness", err_code_text(weakness->code), e));
    return add_object(array, o, ok, e);
}

static bool set_chains(json_t *o, const struct scan_host *h, const struct scan_verified *verified,
                       enum detail detail, struct err *e) {
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && detail != DETAIL_HEAD && i < h->chain_count; i++) {
        ok = add_chain(array, &h->chains[i], &verified[i], detail, e);
    }
    return set_object(o, "chains", array, ok, e);
}

/* --- features ------------------------------------------------------------------------------------
 */

static bool add_authority(json_t *array, struct wire_span der, struct err *e) {
    const uint8_t *at = der.bytes;
    PL_AUTO(dn_clear) struct dn dn = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)der.len);
    struct err unreadable = {0};
    bool is_read = name != NULL && dn_from_x509_name(name, &dn, &unreadable) &&
                   dn_format(&dn, &text, &unreadable);
    X509_NAME_free(name);
    return json_add_taken(array, json_string(is_read ? text : "a name that cannot be read"), e);
}

static bool set_clients(json_t *o, const struct scan_host *h, enum detail detail, struct err *e) {
    json_t *array = json_array();
    struct wire_reader r =
        wire_reader_of((struct wire_span){h->authorities.data, h->authorities.len});
    bool ok = array != NULL;
    size_t max = detail == DETAIL_HEAD ? 0 : AUTHORITIES_MAX;
    for (size_t i = 0; ok && r.left > 0 && i < max; i++) {
        struct wire_span name = wire_vector(&r, 2);
        if (r.is_failed) {
            break;
        }
        ok = add_authority(array, name, e);
    }
    bool is_set = set_object(o, "certificate_authorities", array, ok, e);
    return is_set && set_fact(o, "asks_for_certificate", h->asks_for_certificate, e);
}

static bool set_sessions(json_t *o, const struct scan_host *h, struct err *e) {
    json_t *sessions = json_object();
    bool ok = set_fact(sessions, "ids", h->resumes_ids_12, e) &&
              set_fact(sessions, "tickets", h->resumes_tickets_12, e) &&
              set_fact(sessions, "tls13", h->resumes_13, e) &&
              set_fact(sessions, "early_data", h->has_early_data, e) &&
              json_set_integer(sessions, "ticket_lifetime_s", h->ticket_lifetime_s, e);
    return set_object(o, "resumption", sessions, ok, e);
}

static bool set_features(json_t *o, const struct scan_host *h, struct err *e) {
    json_t *features = json_object();
    bool ok = set_fact(features, "extended_master_secret", h->has_extended_master_secret, e) &&
              set_fact(features, "encrypt_then_mac", h->has_encrypt_then_mac, e) &&
              set_fact(features, "secure_renegotiation", h->has_secure_renegotiation, e) &&
              set_fact(features, "client_renegotiation", h->renegotiates, e) &&
              set_fact(features, "insecure_renegotiation", h->renegotiates_insecurely, e) &&
              set_fact(features, "fallback_protection", h->has_fallback_protection, e) &&
              set_fact(features, "compression", h->compresses, e) &&
              set_fact(features, "heartbeat", h->has_heartbeat, e) &&
              set_fact(features, "tolerance", h->is_tolerant, e);
    return set_object(o, "features", features, ok, e);
}

static bool set_http(json_t *o, const struct scan_host *h, struct err *e) {
    char value[512];
    json_t *http = NULL;
    if (h->head.len == 0 || !str_starts_with(buf_string(&h->head), "HTTP/")) {
        return true;
    }
    size_t line = 0;
    while (line < h->head.len && line < sizeof(value) - 1 && h->head.data[line] != '\r' &&
           h->head.data[line] != '\n') {
        value[line] = (char)h->head.data[line];
        line++;
    }
    value[line] = '\0';
    http = json_object();
    bool ok = json_set_text(http, "status", value, e);
    if (scan_head_field(&h->head, "Strict-Transport-Security", value, sizeof(value))) {
        ok = ok && json_set_text(http, "strict_transport_security", value, e);
    }
    if (scan_head_field(&h->head, "Server", value, sizeof(value))) {
        ok = ok && json_set_text(http, "server", value, e);
    }
    return set_object(o, "http", http, ok, e);
}

static bool set_print(json_t *o, const struct scan_host *h, struct err *e) {
    return h->print.ja3s[0] == '\0' || (json_set_text(o, "ja3s", h->print.ja3s, e) &&
                                        json_set_text(o, "ja4s", h->print.ja4s, e));
}

static bool set_caa(json_t *o, const struct scan_host *h, struct err *e) {
    json_t *caa = NULL;
    if (h->has_caa == FACT_UNKNOWN) {
        return true;
    }
    caa = json_object();
    bool ok = json_set_text(caa, "name", h->caa_at, e) &&
              json_set_bool(caa, "is_proven", h->caa_is_proven, e) &&
              json_set_list(caa, "records", &h->caa, e);
    return set_object(o, "caa", caa, ok, e);
}

static bool set_protocols(json_t *o, const char *names, struct err *e) {
    json_t *array = json_array();
    bool ok = array != NULL;
    while (ok && *names != '\0') {
        const char *comma = names;
        while (*comma != '\0' && *comma != ',') {
            comma++;
        }
        ok = json_add_taken(array, json_stringn(names, (size_t)(comma - names)), e);
        names = *comma == ',' ? comma + 1 : comma;
    }
    return set_object(o, "protocols", array, ok, e);
}

/* Known attacks that were tried or follow from what was found. */
static bool set_attacks(json_t *o, const struct scan_host *h, const struct scan_judgement *j,
                        struct err *e) {
    static const struct {
        const char *name;
        enum finding_id findings[2]; /* either */
    } follow[] = {{"POODLE", {FINDING_SSL3, FINDING_SSL3}},
                  {"DROWN", {FINDING_SSL2, FINDING_SSL2}},
                  {"FREAK", {FINDING_EXPORT_RSA, FINDING_EXPORT_RSA}},
                  {"Logjam", {FINDING_EXPORT_DH, FINDING_TINY_DH}},
                  {"Sweet32", {FINDING_BLOCK64, FINDING_BLOCK64}},
                  {"CRIME", {FINDING_COMPRESSION, FINDING_COMPRESSION}},
                  {"BEAST", {FINDING_BEAST, FINDING_BEAST}},
                  {"RC4", {FINDING_RC4, FINDING_RC4}}};
    static const char *const outcomes[] = {"untested", "safe", "vulnerable", "unclear"};
    json_t *attacks = json_object();
    bool ok = json_set_text(attacks, "Heartbleed", outcomes[h->heartbleed], e) &&
              json_set_text(attacks, "CCS injection", outcomes[h->early_change], e) &&
              json_set_text(attacks, "ROBOT", outcomes[judge_robot(h)], e);
    for (size_t i = 0; ok && i < PL_ARRAY_LEN(follow); i++) {
        bool is_found = false;
        for (size_t k = 0; k < j->finding_count; k++) {
            is_found = is_found || j->findings[k].id == follow[i].findings[0] ||
                       j->findings[k].id == follow[i].findings[1];
        }
        ok = json_set_text(attacks, follow[i].name, is_found ? "vulnerable" : "safe", e);
    }
    return set_object(o, "attacks", attacks, ok, e);
}

/* --- the judgement -------------------------------------------------------------------------------
 */

static bool add_finding(json_t *array, const struct scan_finding *finding, struct err *e) {
    const struct finding_about *about = finding_about(finding->id);
    json_t *o = json_object();
    bool ok = json_set_text(o, "code", about->code, e) &&
              json_set_text(o, "severity", severity_word(about->severity), e) &&
              json_set_text(o, "sentence", about->sentence, e) &&
              json_set_text(o, "detail", finding->detail, e) &&
              (about->cap == GRADE_A_PLUS ||
               json_set_text(o, "caps_grade_at", grade_word(about->cap), e)) &&
              json_set_text(o, "mend", about->mend, e) &&
              json_set_text(o, "elsewhere", about->elsewhere, e);
    return add_object(array, o, ok, e);
}

static bool set_grade(json_t *o, const struct scan_judgement *j, struct err *e) {
    json_t *grade = json_object();
    bool ok = json_set_text(grade, "letter", grade_word(j->grade), e) &&
              json_set_integer(grade, "score", j->score, e) &&
              json_set_integer(grade, "protocols", j->protocol_score, e) &&
              json_set_integer(grade, "key_exchange", j->exchange_score, e) &&
              json_set_integer(grade, "ciphers", j->cipher_score, e);
    return set_object(o, "grade", grade, ok, e);
}

static bool set_findings(json_t *o, const struct scan_judgement *j, struct err *e) {
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < j->finding_count; i++) {
        ok = add_finding(array, &j->findings[i], e);
    }
    return set_object(o, "findings", array, ok, e);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static bool set_head(json_t *o, const struct scan_host *h, struct err *e) {
    static const char *const states[] = {"under_way", "finished", "unreachable", "not_tls"};
    char target[SCAN_TARGET_TEXT];
    scan_target_format(&h->target, target);
    return json_set_text(o, "target", target, e) && json_set_text(o, "host", h->target.host, e) &&
           json_set_integer(o, "port", h->target.port, e) &&
           json_set_text(o, "address", h->address, e) &&
           json_set_text(o, "starttls", h->starttls == NULL ? "" : h->starttls->name, e) &&
           json_set_time(o, "time", h->began_ms, e) &&
           json_set_integer(o, "took_ms", h->ended_ms - h->began_ms, e) &&
           json_set_integer(o, "connections", h->connections, e) &&
           json_set_text(o, "state", states[h->state], e) &&
           json_set_bool(o, "is_certificates_only", h->is_quick, e) &&
           json_set_bool(o, "is_complete", h->lost == 0, e);
}

static bool set_all(json_t *o, const struct scan_host *h, const struct scan_verified *verified,
                    const struct scan_judgement *j, enum detail detail, struct err *e) {
    if (!set_head(o, h, e) || !json_set_bool(o, "is_shortened", detail != DETAIL_ALL, e) ||
        h->state != SCAN_FINISHED) {
        return !err_is_set(e);
    }
    if (h->is_quick) {
        return set_chains(o, h, verified, detail, e) && set_findings(o, j, e);
    }
    return set_grade(o, j, e) && set_versions(o, h, e) && set_exchange(o, h, e) &&
           set_chains(o, h, verified, detail, e) && set_protocols(o, h->protocols, e) &&
           set_sessions(o, h, e) && set_features(o, h, e) && set_clients(o, h, detail, e) &&
           set_http(o, h, e) && set_print(o, h, e) && set_caa(o, h, e) && set_attacks(o, h, j, e) &&
           set_findings(o, j, e);
}

/* As much of it as fits: whatever one listener shows, it does not end the scan of the others. */
static bool write_fitting(const struct scan_host *h, const struct scan_verified *verified,
                          const struct scan_judgement *judgement, struct buf *out, struct err *e) {
    size_t before = out->len;
    for (int detail = DETAIL_ALL; detail <= DETAIL_HEAD; detail++) {
        PL_AUTO(json_freep) json_t *o = json_object();
        struct err fault = {0};
        if (!set_all(o, h, verified, judgement, (enum detail)detail, e)) {
            return false;
        }
        bool is_written = json_write(o, false, out, &fault);
        if (is_written && out->len - before <= SCAN_DOCUMENT_MAX) {
            return true;
        }
        if (!is_written && fault.code != ERR_BASE_LIMIT) {
            *e = fault;
            return false;
        }
        out->len = before;
    }
    return err_set(e, ERR_BASE_LIMIT, "what was found is too much to tell");
}

bool scan_report(const struct scan_host *h, const struct cert_list *anchors, int64_t now_ms,
                 struct buf *out, struct err *e) {
    PL_AUTO(mem_freep) void *memory = NULL;
    struct scan_judgement judgement;
    struct err local = {0};
    struct err *error = e == NULL ? &local : e;
    if (!mem_array(h->chain_count + 1, sizeof(struct scan_verified), &memory, e)) {
        return false;
    }
    struct scan_verified *verified = memory;
    bool ok = true;
    for (size_t i = 0; ok && i < h->chain_count; i++) {
        ok = verify_chain(h, &h->chains[i], anchors, now_ms, &verified[i], error);
    }
    if (ok) {
        scan_judge(h, verified, now_ms, &judgement);
        ok = write_fitting(h, verified, &judgement, out, error);
    }
    for (size_t i = 0; i < h->chain_count; i++) {
        verdict_clear(&verified[i].verdict);
    }
    return ok;
}
