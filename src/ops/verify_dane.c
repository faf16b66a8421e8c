/* DANE for a verification: the name, the question to the DNS, the panel. */
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

static bool look_up(const struct verify_wish *wish, const char *name, struct dns_answer *out,
                    struct err *e) {
    const struct ops_processes *processes = ops_processes_in_use();
    PL_AUTO(buf_clear) struct buf anchor = {.max = DNS_ANCHOR_MAX - 1};
    if (wish->dns_anchor_file != NULL && !file_read(wish->dns_anchor_file, &anchor, e)) {
        return false;
    }
    const struct dns_wish ask = {.name = name,
                                 .type = DNS_TYPE_TLSA,
                                 .server = wish->dns_server == NULL ? "" : wish->dns_server,
                                 .anchor = buf_string(&anchor),
                                 .timeout_ms = wish->timeout_ms};
    PL_BUG_UNLESS(processes->look_up != NULL);
    return processes->look_up(&ask, out, e);
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

bool verify_dane(const struct verify_wish *wish, const struct verify_input *input,
                 struct verification *v, struct err *e) {
    PL_AUTO(dns_answer_clear) struct dns_answer answer = {0};
    struct dane_record records[DANE_RECORDS_MAX];
    char name[DNS_NAME_SIZE];
    if (!ops_tlsa_name(v->host, v->port == 0 ? HTTPS_PORT : v->port, name, e) ||
        !look_up(wish, name, &answer, e)) {
        return err_wrap(e, "the DNS cannot be asked about this certificate");
    }
    const struct dane_input in = {.name = name,
                                  .is_proven = answer.is_proven,
                                  .is_forged = answer.is_forged,
                                  .reason = answer.reason,
                                  .records = records,
                                  .record_count = read_records(&answer, records),
                                  .input = input,
                                  .verdict = &v->verdict};
    v->has_dane = true;
    return panel_dane(&in, &v->dane, e);
}
