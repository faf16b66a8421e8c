/*
 * DANE for a verification: at which name the records stand, the questions to the DNS, what a client
 * that follows DANE is shown, the panel.
 *
 * Not done: mail servers of a domain (MX) and other names that a protocol finds by itself: the
 * target is taken as the server that was found.
 * Source: RFC 7671 §7 (names that are aliases), RFC 6698 §3
 */
#include "base/str.h"
#include "codec/hostname.h"
#include "inspect/explain/dane.h"
#include "ops/context.h"
#include "ops/tlsa.h"
#include "ops/verify_material.h"
#include "sys/dns.h"
#include "sys/file.h"

enum { HTTPS_PORT = 443 };

bool ops_verify_is_good(const struct verification *v) {
    bool is_dane_word = v->has_dane && v->dane.head.outcome != VERIFY_UNKNOWN;
    return is_dane_word ? v->dane.head.outcome == VERIFY_PASS : v->verdict.overall != VERIFY_FAIL;
}

/* --- where the records are
 * ------------------------------------------------------------------------
 */

struct finding {
    const struct verify_wish *wish;
    struct buf anchor;         /* text */
    char base[HOSTNAME_SIZE];  /* whose records these are: the server's name, or where it leads */
    char name[DNS_NAME_SIZE];  /* of the records: "_443._tcp." before it */
    char asked[DNS_NAME_SIZE]; /* what the answer is about */
    struct dns_answer answer;
    bool is_alias; /* base is where the server's name leads, which DNSSEC proves */
};

static void finding_clear(struct finding *finding) {
    buf_clear(&finding->anchor);
    dns_answer_clear(&finding->answer);
}

static bool ask(struct finding *f, const char *name, bool is_only_name, struct err *e) {
    const struct ops_processes *processes = ops_processes_in_use();
    const struct verify_wish *wish = f->wish;
    const struct dns_wish question = {.name = name,
                                      .type = is_only_name ? DNS_TYPE_A : DNS_TYPE_TLSA,
                                      .server = wish->dns_server == NULL ? "" : wish->dns_server,
                                      .anchor = buf_string(&f->anchor),
                                      .is_only_name = is_only_name,
                                      .timeout_ms = wish->timeout_ms};
    (void)str_copy(f->asked, sizeof(f->asked), name);
    dns_answer_clear(&f->answer);
    PL_BUG_UNLESS(processes->look_up != NULL);
    return processes->look_up(&question, &f->answer, e);
}

static bool ask_records(struct finding *f, const char *base, uint16_t port, struct err *e) {
    if (!ops_tlsa_name(base, port, f->name, e)) {
        return false;
    }
    (void)str_copy(f->base, sizeof(f->base), f->name + strcspn(f->name, ".") + strlen("._tcp."));
    return ask(f, f->name, false, e);
}

/*
 * Where the aliases end comes first, if each is proven and there are records; else the name itself.
 * An answer that DNSSEC refuses ends it: nobody connects then.
 */
static bool find_records(struct finding *f, const char *host, uint16_t port, struct err *e) {
    char target[HOSTNAME_SIZE];
    if (f->wish->dns_anchor_file != NULL && !file_read(f->wish->dns_anchor_file, &f->anchor, e)) {
        return false;
    }
    if (!ops_tlsa_name(host, port, f->name, e) ||
        !ask(f, f->name + strcspn(f->name, ".") + strlen("._tcp."), true, e)) {
        return false;
    }
    if (f->answer.is_forged) {
        return true;
    }
    if (f->answer.is_proven && hostname_is_valid(f->answer.name) &&
        str_copy(target, sizeof(target), f->answer.name)) {
        if (!ask_records(f, target, port, e)) {
            return false;
        }
        f->is_alias = f->answer.is_forged || (f->answer.is_proven && f->answer.count > 0);
    }
    return f->is_alias || ask_records(f, host, port, e);
}

static size_t read_records(const struct dns_answer *answer,
                           struct dane_record out[DANE_RECORDS_MAX]) {
    const uint8_t *rdata = NULL;
    size_t count = 0;
    size_t at = 0;
    size_t len = 0;
    while (count < DANE_RECORDS_MAX && dns_answer_next(answer, &at, &rdata, &len)) {
        count += dane_record_read(rdata, len, &out[count]) ? 1 : 0;
    }
    return count;
}

/* --- what such a client is shown
 * ------------------------------------------------------------------
 */

/* Clear works on a zeroed struct. */
struct shown {
    struct tls_look look;
    struct verify_input input;
    struct verdict verdict;
};

static void shown_clear(struct shown *shown) {
    tls_look_clear(&shown->look);
    verdict_clear(&shown->verdict);
}

/* It asks for the name that the records belong to, and takes a certificate for either name. */
static bool look_by_base(const struct finding *f, const struct verification *v, struct shown *shown,
                         struct err *e) {
    if (v->is_server) {
        if (!verify_look(f->wish, f->base, &shown->look, e)) {
            return err_wrap(e, "clients that follow DANE ask for %s", f->base);
        }
        shown->input.presented = &shown->look.presented;
        shown->input.leaf = shown->look.presented.items[0];
        shown->input.ocsp[0] = (struct verify_ocsp){
            .der = shown->look.stapled.data, .len = shown->look.stapled.len, .is_stapled = true};
    }
    if (cert_covers_host(shown->input.leaf, f->base)) {
        shown->input.host = f->base;
    }
    return verify_certificate(&shown->input, &shown->verdict, e);
}

bool verify_dane(const struct verify_wish *wish, const struct verify_input *input,
                 struct verification *v, struct err *e) {
    PL_AUTO(finding_clear)
    struct finding f = {.wish = wish, .anchor = {.max = DNS_ANCHOR_MAX - 1}};
    PL_AUTO(shown_clear) struct shown shown = {.input = *input};
    struct dane_record records[DANE_RECORDS_MAX];
    if (!find_records(&f, v->host, v->port == 0 ? HTTPS_PORT : v->port, e)) {
        return err_wrap(e, "the DNS cannot be asked about this certificate");
    }
    bool is_other = f.is_alias && !f.answer.is_forged;
    if (is_other && !look_by_base(&f, v, &shown, e)) {
        return false;
    }
    const struct dane_input in = {.name = f.asked,
                                  .host = v->host,
                                  .alias_of = f.is_alias ? f.base : "",
                                  .is_proven = f.answer.is_proven,
                                  .is_forged = f.answer.is_forged,
                                  .reason = f.answer.reason,
                                  .records = records,
                                  .record_count = read_records(&f.answer, records),
                                  .input = &shown.input,
                                  .verdict = is_other ? &shown.verdict : &v->verdict};
    v->has_dane = true;
    return panel_dane(&in, &v->dane, e);
}
