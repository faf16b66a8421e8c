/*
 * The gate: a CSR's wishes read, checked and rewritten as what its certificate will say.
 *
 * Every step keeps its refusals as problems and goes on, so that people see all that is wrong at
 * once; failures of the system end it at once. Limits: CA_PROBLEMS_MAX, CA_NOTICES_MAX; what is
 * above them is not said.
 */
#include "ca/gate.h"

#include "base/mem.h"
#include "base/str.h"
#include "pki/openssl.h"

#include <string.h>

enum {
    COMMON_NAME_MAX = 64,  /* X.520 ub-common-name */
    NOTICES_KEPT_FREE = 16 /* for those that are not about a name or a field each */
};

struct gate {
    const struct csr *csr;
    const struct ca_gate_wish *wish;
    const struct ca_issuer *issuer;
    int64_t now_ms;
    struct ca_leaf leaf;
    struct san_list common_name; /* canonical, one name; empty: none */
    bool is_common_name_written; /* in the subject */
    struct ca_problems problems;
};

void ca_problems_clear(struct ca_problems *problems) {
    mem_free(problems->items);
    *problems = (struct ca_problems){0};
}

static void gate_clear(struct gate *gate) {
    ca_leaf_clear(&gate->leaf);
    san_list_clear(&gate->common_name);
    ca_problems_clear(&gate->problems);
}

/* --- problems and notices ---------------------------------------- */

static bool is_refusal(const struct err *why) {
    enum err_kind kind = err_kind_of(why);
    return kind != ERR_KIND_OS && kind != ERR_KIND_BUG;
}

/* False, with why in e: for failures of the system. */
static bool give_up(const struct err *why, struct err *e) {
    if (e != NULL) {
        *e = *why;
    }
    return false;
}

/* Keeps why as a problem and goes on with true, unless it is no reason for refusing. */
static bool refuse(struct gate *gate, const struct err *why, struct err *e) {
    if (!is_refusal(why)) {
        return give_up(why, e);
    }
    struct ca_problems *problems = &gate->problems;
    if (problems->items == NULL) {
        void *items = NULL;
        if (!mem_array(CA_PROBLEMS_MAX, sizeof(problems->items[0]), &items, e)) {
            return false;
        }
        problems->items = items;
    }
    if (problems->count < CA_PROBLEMS_MAX) {
        struct ca_problem *problem = &problems->items[problems->count++];
        problem->code = why->code;
        (void)str_copy(problem->reason, sizeof(problem->reason), why->step[0]);
        (void)str_copy(problem->hint, sizeof(problem->hint), why->hint);
    }
    return true;
}

/* A notice about one name or field: the number of these is the requester's, so the list may be
 * full. */
static bool has_room_for_notice(const struct gate *gate) {
    return gate->leaf.notices.count < CA_NOTICES_MAX - NOTICES_KEPT_FREE;
}

/* --- names ------------------------------------------------------- */

static const char *san_kind_name(enum san_kind kind) {
    switch (kind) {
    case SAN_DNS:
        return "host name";
    case SAN_IP:
        return "address";
    case SAN_EMAIL:
        return "e-mail address";
    case SAN_URI:
        return "URI";
    case SAN_OTHER:
        return "name of another kind";
    }
    PL_BUG_UNLESS(false);
}

static bool read_host(struct gate *gate, const char *text, struct err *e) {
    PL_AUTO(san_list_clear) struct san_list one = {0};
    struct err why = {0};
    if (!san_list_add_typed(&one, text, &why)) {
        return refuse(gate, &why, e);
    }
    const struct san *name = &one.items[0];
    if (!str_equal(name->text, text) && has_room_for_notice(gate) &&
        !list_printf(&gate->leaf.notices, e, "\"%.250s\" was taken as %s", text, name->text)) {
        return false;
    }
    return san_list_add(&gate->leaf.sans, name->kind, name->text, e);
}

static bool read_names(struct gate *gate, struct err *e) {
    for (size_t i = 0; i < gate->csr->sans.count; i++) {
        const struct san *name = &gate->csr->sans.items[i];
        if (name->kind == SAN_DNS || name->kind == SAN_IP) {
            if (!read_host(gate, name->text, e)) {
                return false;
            }
        } else if (
            has_room_for_notice(gate) &&
            !list_printf(
                &gate->leaf.notices, e,
                "the %s \"%.250s\" was left out: a server's certificate names hosts and addresses",
                san_kind_name(name->kind), name->text)) {
            return false;
        }
    }
    return true;
}

/* The common name as a host; one that is none is left aside, unless it is all that there is. */
static bool read_common_name(struct gate *gate, struct err *e) {
    const char *text = dn_get(&gate->csr->subject, NID_commonName);
    struct err why = {0};
    if (text == NULL || san_list_add_typed(&gate->common_name, text, &why)) {
        return true;
    }
    if (gate->leaf.sans.count == 0 || !is_refusal(&why)) {
        return refuse(gate, &why, e);
    }
    return list_printf(&gate->leaf.notices, e,
                       "the common name \"%.64s\" is no host name or address and was left out",
                       text);
}

static bool choose_profile(struct gate *gate, struct err *e) {
    struct ca_leaf *leaf = &gate->leaf;
    PL_AUTO(san_list_clear) struct san_list names = {0};
    if (!san_list_copy(&leaf->sans, &names, e)) {
        return false;
    }
    const struct san_list *common_name = &gate->common_name;
    if (common_name->count == 1 && names.count < SAN_MAX &&
        !san_list_add(&names, common_name->items[0].kind, common_name->items[0].text, e)) {
        return false;
    }
    struct ca_profile_choice choice;
    ca_profile_choose(&names, &choice);
    const struct ca_profile *asked = gate->wish->profile;
    leaf->profile = asked == NULL ? choice.profile : asked;
    (void)str_copy(leaf->profile_reason, sizeof(leaf->profile_reason),
                   leaf->profile == choice.profile ? choice.reason : "it was asked for");
    return true;
}

/* BR §7.1.4.3: a common name is one of the alternative names, or there is none. */
static bool place_common_name(struct gate *gate, struct err *e) {
    if (gate->common_name.count == 0) {
        return true;
    }
    const struct san *name = &gate->common_name.items[0];
    struct san_list *sans = &gate->leaf.sans;
    struct list *notices = &gate->leaf.notices;
    if (!san_list_has(sans, name->kind, name->text)) {
        if (sans->count > 0 && gate->leaf.profile->id == CA_PROFILE_SERVER) {
            return list_printf(
                notices, e,
                "the common name %s is not among the alternative names and was left out",
                name->text);
        }
        struct err why = {0};
        if (!san_list_add(sans, name->kind, name->text, &why)) {
            return refuse(gate, &why, e);
        }
        if (!list_printf(notices, e, "the common name %s was added to the alternative names",
                         name->text)) {
            return false;
        }
    }
    gate->is_common_name_written = strlen(name->text) <= COMMON_NAME_MAX;
    return gate->is_common_name_written ||
           list_printf(
               notices, e,
               "the common name is longer than %d characters and is an alternative name alone",
               COMMON_NAME_MAX);
}

static bool check_names(struct gate *gate, struct err *e) {
    const struct ca_profile *profile = gate->leaf.profile;
    const struct san_list *sans = &gate->leaf.sans;
    struct err why = {0};
    if (sans->count == 0) {
        if (gate->problems.count > 0) {
            return true; /* what was wrong with the names has been said */
        }
        (void)err_set(&why, ERR_CA_NAME_NONE, "the request asks for no host name and no address");
        (void)err_hint(
            &why,
            "put the host names into the subject alternative names, or one into the common name");
        return refuse(gate, &why, e);
    }
    if (sans->count > profile->names_max) {
        (void)err_set(&why, ERR_CA_NAME_TOO_MANY,
                      "the request asks for %zu names; the profile \"%s\" allows %u", sans->count,
                      profile->name, profile->names_max);
        (void)err_hint(&why, "make several requests");
        return refuse(gate, &why, e);
    }
    for (size_t i = 0; i < sans->count; i++) {
        if (!ca_profile_check_name(profile, &sans->items[i], &why) && !refuse(gate, &why, e)) {
            return false;
        }
    }
    return true;
}

/* --- subject ----------------------------------------------------- */

/* The order of BR §7.1.4.2, of those that we write. */
static const int subject_order[] = {
    NID_countryName,      NID_stateOrProvinceName,    NID_localityName,
    NID_organizationName, NID_organizationalUnitName, NID_commonName};

static bool is_in_order(int nid) {
    for (size_t i = 0; i < PL_ARRAY_LEN(subject_order); i++) {
        if (subject_order[i] == nid) {
            return true;
        }
    }
    return false;
}

static enum ca_validation choose_validation(const struct gate *gate) {
    if (gate->leaf.profile->id == CA_PROFILE_INTERNAL) {
        return CA_VALIDATION_NONE;
    }
    const struct dn *subject = &gate->csr->subject;
    bool is_whole = dn_get(subject, NID_organizationName) != NULL &&
                    dn_get(subject, NID_countryName) != NULL &&
                    (dn_get(subject, NID_localityName) != NULL ||
                     dn_get(subject, NID_stateOrProvinceName) != NULL);
    return is_whole && !gate->wish->is_domain_only ? CA_VALIDATION_ORGANIZATION
                                                   : CA_VALIDATION_DOMAIN;
}

/* Why a field of the subject does not go into the certificate; NULL when it does. */
static const char *reason_to_leave_out(const struct gate *gate, int nid) {
    if (!is_in_order(nid)) {
        return "certificates of this CA do not carry it";
    }
    if (gate->wish->is_domain_only) {
        return "only control of the names was checked";
    }
    if (nid == NID_organizationalUnitName && !gate->leaf.profile->allows_unit) {
        return "public certificates have carried none since 2022";
    }
    if (gate->leaf.validation == CA_VALIDATION_DOMAIN && nid != NID_countryName) {
        return "it needs organization, country and city or state together";
    }
    return NULL;
}

static bool notice_left_out(struct gate *gate, const struct dn_part *part, const char *reason,
                            struct err *e) {
    const char *type = part->nid == NID_undef ? part->oid : OBJ_nid2ln(part->nid);
    return !has_room_for_notice(gate) ||
           list_printf(&gate->leaf.notices, e, "%s \"%.64s\" was left out: %s", type, part->value,
                       reason);
}

static bool notice_subject(struct gate *gate, struct err *e) {
    const struct dn *subject = &gate->csr->subject;
    for (size_t i = 0; i < subject->count; i++) {
        const struct dn_part *part = &subject->parts[i];
        bool is_first = part->nid == NID_undef || dn_get(subject, part->nid) == part->value;
        const char *reason = NULL;
        if (part->nid != NID_commonName) {
            reason = reason_to_leave_out(gate, part->nid);
        }
        if (reason == NULL && !is_first) {
            reason = "only the first of several is kept";
        }
        if (reason != NULL && !notice_left_out(gate, part, reason, e)) {
            return false;
        }
    }
    return true;
}

static const char *subject_value(const struct gate *gate, int nid) {
    if (nid == NID_commonName) {
        return gate->is_common_name_written ? gate->common_name.items[0].text : NULL;
    }
    return reason_to_leave_out(gate, nid) == NULL ? dn_get(&gate->csr->subject, nid) : NULL;
}

/* One field as request_field_check() leaves it; a field that it refuses is a problem. */
static bool add_field(struct gate *gate, int nid, struct err *e) {
    const char *value = subject_value(gate, nid);
    struct dn *subject = &gate->leaf.subject;
    if (value == NULL || nid == NID_commonName) {
        return value == NULL || dn_add(subject, nid, value, e);
    }
    PL_AUTO(mem_freep) char *checked = NULL;
    struct err why = {0};
    if (!request_field_check(nid, value, &checked, &gate->leaf.notices, &why)) {
        return refuse(gate, &why, e);
    }
    return dn_add(subject, nid, checked, e);
}

static bool build_subject(struct gate *gate, struct err *e) {
    gate->leaf.validation = choose_validation(gate);
    if (!notice_subject(gate, e)) {
        return false;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(subject_order); i++) {
        if (!add_field(gate, subject_order[i], e)) {
            return false;
        }
    }
    const struct dn *subject = &gate->leaf.subject;
    struct err why = {0};
    return request_place_check(dn_get(subject, NID_countryName),
                               dn_get(subject, NID_stateOrProvinceName),
                               dn_get(subject, NID_localityName), &gate->leaf.notices, &why) ||
           refuse(gate, &why, e);
}

/* --- the rest ---------------------------------------------------- */

static bool check_csr(struct gate *gate, struct err *e) {
    struct err why = {0};
    return csr_check(gate->csr, &why) || refuse(gate, &why, e);
}

/* The Baseline Requirements allow P-521, Mozilla Root Store Policy §5.1 does not. */
static bool notice_key(struct gate *gate, struct err *e) {
    const struct key_spec *key = &gate->csr->key_spec;
    bool is_doubtful =
        gate->leaf.profile->id == CA_PROFILE_SERVER && key->family == KEY_EC && key->bits == 521;
    return !is_doubtful ||
           list_add(&gate->leaf.notices,
                    "Mozilla takes no P-521 keys from public CAs: P-256 or P-384 works everywhere",
                    e);
}

static bool check_key(struct gate *gate, struct err *e) {
    struct err why = {0};
    if (gate->csr->key_spec.family == KEY_OTHER && gate->problems.count > 0) {
        return true; /* csr_check() has said it */
    }
    if (!ca_profile_check_key(gate->leaf.profile, &gate->csr->key_spec, &why)) {
        return refuse(gate, &why, e);
    }
    return notice_key(gate, e);
}

static bool check_wish(struct gate *gate, struct err *e) {
    const struct ca_profile *profile = gate->leaf.profile;
    struct err why = {0};
    if (gate->wish->is_client_auth && profile->id == CA_PROFILE_SERVER) {
        (void)err_set(&why, ERR_CA_PROFILE_CLIENT_AUTH,
                      "the profile \"server\" issues no client certificates");
        (void)err_hint(&why, "browsers' programs end them for public CAs; use --profile internal");
        if (!refuse(gate, &why, e)) {
            return false;
        }
    }
    gate->leaf.is_client_auth = gate->wish->is_client_auth;
    if (profile->needs_base_url && !ca_issuer_has_base_url(gate->issuer)) {
        (void)err_set(
            &why, ERR_CA_PROFILE_BASE_URL,
            "the profile \"server\" needs addresses of the CA's certificate and revocation list");
        (void)err_hint(
            &why,
            "\"padlock init --base-url http://HOST\" gives them; --profile internal needs none");
        return refuse(gate, &why, e);
    }
    return true;
}

static bool choose_lifetime(struct gate *gate, struct err *e) {
    struct ca_leaf *leaf = &gate->leaf;
    struct err why = {0};
    return ca_lifetime_leaf(leaf->profile, &gate->wish->lifetime, gate->issuer, gate->now_ms,
                            &leaf->validity, &leaf->notices, &why) ||
           refuse(gate, &why, e);
}

static bool copy_key(struct gate *gate, struct err *e) {
    struct ca_leaf *leaf = &gate->leaf;
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    void *copy = NULL;
    if (!openssl_append_der(&spki, (i2d_of_void *)i2d_X509_PUBKEY,
                            X509_REQ_get_X509_PUBKEY(gate->csr->req), e) ||
        !mem_dup(spki.data, spki.len, &copy, e)) {
        return false;
    }
    leaf->spki = copy;
    leaf->spki_len = spki.len;
    leaf->key_spec = gate->csr->key_spec;
    memcpy(leaf->spki_sha256, gate->csr->spki_sha256, sizeof(leaf->spki_sha256));
    return true;
}

static bool copy_notices(struct gate *gate, struct err *e) {
    const struct list *notices = &gate->csr->notices;
    for (size_t i = 0; i < notices->count && has_room_for_notice(gate); i++) {
        if (!list_add(&gate->leaf.notices, notices->items[i], e)) {
            return false;
        }
    }
    return true;
}

/* False with the first problem in e. */
static bool answer(const struct ca_problems *problems, struct err *e) {
    if (problems->count == 0) {
        return true;
    }
    const struct ca_problem *first = &problems->items[0];
    (void)err_set(e, first->code, "%s", first->reason);
    if (first->hint[0] != '\0') {
        (void)err_hint(e, "%s", first->hint);
    }
    if (problems->count > 1) {
        (void)err_wrap(e, "the request is refused for %zu reasons", problems->count);
    }
    return false;
}

bool ca_gate(const struct csr *csr, const struct ca_gate_wish *wish, const struct ca_issuer *issuer,
             int64_t now_ms, struct ca_leaf *out_leaf, struct ca_problems *out_problems,
             struct err *e) {
    PL_AUTO(gate_clear)
    struct gate gate = {.csr = csr, .wish = wish, .issuer = issuer, .now_ms = now_ms};
    list_init(&gate.leaf.notices, CA_NOTICES_MAX);
    if (!copy_notices(&gate, e) || !check_csr(&gate, e) || !read_names(&gate, e) ||
        !read_common_name(&gate, e) || !choose_profile(&gate, e) || !place_common_name(&gate, e) ||
        !check_key(&gate, e) || !check_names(&gate, e) || !build_subject(&gate, e) ||
        !check_wish(&gate, e) || !choose_lifetime(&gate, e) || !copy_key(&gate, e)) {
        return false;
    }
    bool is_passed = answer(&gate.problems, e);
    if (is_passed) {
        *out_leaf = gate.leaf;
        gate.leaf = (struct ca_leaf){0};
    }
    if (out_problems != NULL) {
        *out_problems = gate.problems;
        gate.problems = (struct ca_problems){0};
    }
    return is_passed;
}
