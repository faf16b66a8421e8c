/* DNS by libunbound: one context for each question, which is asked in a thread of its own so that
 * it can be given up in time. */
#include "sys/dns.h"

#include "base/clock.h"
#include "base/str.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unbound.h>

enum { CLASS_IN = 1, RCODE_NOTHING = 3, LINE_MAX_LEN = 4096 };

/* The root zone's keys of 2017 and 2024. */
static const char root_anchor[] =
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";

void dns_answer_clear(struct dns_answer *answer) {
    buf_clear(&answer->data);
    *answer = (struct dns_answer){0};
}

bool dns_answer_next(const struct dns_answer *answer, size_t *at, const uint8_t **out_record,
                     size_t *out_len) {
    const uint8_t *data = answer->data.data;
    size_t left = answer->data.len - (*at < answer->data.len ? *at : answer->data.len);
    if (left < 2) {
        return false;
    }
    size_t len = (size_t)data[*at] << 8 | data[*at + 1];
    if (len > left - 2) {
        return false;
    }
    *out_record = data + *at + 2;
    *out_len = len;
    *at += 2 + len;
    return true;
}

/* --- the context ---------------------------------------------------------------------------------
 */

static void free_context(struct ub_ctx **context) {
    if (*context != NULL) {
        ub_ctx_delete(*context);
    }
}

/* Comments, blank lines and what a line has too much are left out. */
static bool add_anchor(struct ub_ctx *context, const char *text, struct err *e) {
    size_t count = 0;
    while (*text != '\0') {
        char line[LINE_MAX_LEN];
        size_t len = strcspn(text, "\r\n");
        if (len >= sizeof(line)) {
            return err_set(e, ERR_SYS_DNS_OPTION, "a line of the DNSSEC anchor is too long");
        }
        memcpy(line, text, len);
        line[len] = '\0';
        line[strcspn(line, ";")] = '\0';
        if (line[strspn(line, " \t")] != '\0') {
            if (ub_ctx_add_ta(context, line) != 0) {
                return err_set(e, ERR_SYS_DNS_OPTION,
                               "this is no DNSSEC anchor (a DS or DNSKEY record): \"%.200s\"",
                               line);
            }
            count++;
        }
        text += len + strspn(text + len, "\r\n");
    }
    return count > 0 || err_set(e, ERR_SYS_DNS_OPTION, "the DNSSEC anchor holds no record");
}

static bool set_server(struct ub_ctx *context, const char *server, struct err *e) {
    int reason =
        server[0] == '\0' ? ub_ctx_resolvconf(context, NULL) : ub_ctx_set_fwd(context, server);
    if (reason == 0) {
        return true;
    }
    return server[0] == '\0'
               ? err_set(e, ERR_SYS_DNS, "the system's DNS servers cannot be read: %s",
                         ub_strerror(reason))
               : err_set(e, ERR_SYS_DNS_OPTION,
                         "\"%.90s\" is no DNS server: ADDRESS or "
                         "ADDRESS@PORT",
                         server);
}

/* The library answers for "test" itself otherwise. Ends the setting up: anchors are read only now.
 */
static bool allow_test_zone(struct ub_ctx *context, struct err *e) {
    int reason = ub_ctx_zone_remove(context, "test.");
    return reason == 0 ||
           err_set(e, ERR_SYS_DNS_OPTION,
                   "the DNSSEC anchor holds what is neither a DS nor a DNSKEY record (%s)",
                   ub_strerror(reason));
}

static bool make_context(const struct dns_wish *wish, struct ub_ctx **out_context, struct err *e) {
    *out_context = ub_ctx_create();
    if (*out_context == NULL) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    (void)ub_ctx_debugout(*out_context, NULL); /* it would write to standard error */
    /* What is asked of a server that somebody named may be a private zone. */
    (void)ub_ctx_set_option(*out_context, "do-not-query-localhost:", "no");
    (void)ub_ctx_set_option(*out_context, "unblock-lan-zones:", "yes");
    return ub_ctx_async(*out_context, 1) == 0
               ? set_server(*out_context, wish->server, e) &&
                     add_anchor(*out_context, wish->anchor[0] == '\0' ? root_anchor : wish->anchor,
                                e) &&
                     allow_test_zone(*out_context, e)
               : err_set(e, ERR_SYS_DNS, "the DNS library does not take threads");
}

/* --- the question --------------------------------------------------------------------------------
 */

struct asking {
    bool is_answered;
    int reason;
    struct ub_result *result;
};

static void free_result(struct asking *asking) {
    if (asking->result != NULL) {
        ub_resolve_free(asking->result);
    }
}

static void take_result(void *ctx, int reason, struct ub_result *result) {
    struct asking *asking = ctx;
    asking->is_answered = true;
    asking->reason = reason;
    asking->result = result;
}

static bool wait_for_it(struct ub_ctx *context, const struct dns_wish *wish, struct asking *asking,
                        struct err *e) {
    int64_t deadline_ms = clock_monotonic_ms() + wish->timeout_ms;
    while (!asking->is_answered) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        struct pollfd waiting = {.fd = ub_fd(context), .events = POLLIN};
        if (left_ms <= 0) {
            return err_set(e, ERR_SYS_DNS, "no answer came in time for %.260s", wish->name);
        }
        if (poll(&waiting, 1, (int)(left_ms < 1000 ? left_ms : 1000)) > 0) {
            (void)ub_process(context);
        }
    }
    return asking->reason == 0 || err_set(e, ERR_SYS_DNS, "%.260s cannot be asked for: %s",
                                          wish->name, ub_strerror(asking->reason));
}

static bool ask(struct ub_ctx *context, const struct dns_wish *wish, struct asking *asking,
                struct err *e) {
    int number = 0;
    int reason =
        ub_resolve_async(context, wish->name, wish->type, CLASS_IN, asking, take_result, &number);
    if (reason != 0) {
        return err_set(e, ERR_SYS_DNS, "%.260s cannot be asked for: %s", wish->name,
                       ub_strerror(reason));
    }
    if (!wait_for_it(context, wish, asking, e)) {
        (void)ub_cancel(context, number);
        return false;
    }
    return true;
}

/* --- the answer ----------------------------------------------------------------------------------
 */

static bool add_record(struct dns_answer *answer, const char *bytes, int len, struct err *e) {
    if (len < 0 || len > UINT16_MAX || answer->count >= DNS_RECORDS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "the DNS has more records than are read");
    }
    answer->count++;
    return buf_append_byte(&answer->data, (uint8_t)(len >> 8), e) &&
           buf_append_byte(&answer->data, (uint8_t)(len & 0xFF), e) &&
           buf_append(&answer->data, bytes, (size_t)len, e);
}

/* One that is too long to be kept is none that could be asked for. */
static void read_name(const struct ub_result *result, struct dns_answer *answer) {
    const char *name = result->canonname == NULL ? "" : result->canonname;
    size_t len = strlen(name);
    len -= len > 1 && name[len - 1] == '.' ? 1 : 0;
    if (len < sizeof(answer->name)) {
        memcpy(answer->name, name, len);
        answer->name[len] = '\0';
    }
    if (str_equal_nocase(answer->name, result->qname)) {
        answer->name[0] = '\0';
    }
}

static bool read_result(const struct dns_wish *wish, const struct ub_result *result,
                        struct dns_answer *answer, struct err *e) {
    buf_init(&answer->data, DNS_DATA_MAX);
    answer->is_proven = result->secure != 0;
    answer->is_forged = result->bogus != 0;
    if (result->bogus != 0) {
        (void)str_copy(answer->reason, sizeof(answer->reason),
                       result->why_bogus == NULL ? "" : result->why_bogus);
        str_one_line(answer->reason);
        return true;
    }
    if (result->rcode != 0 && result->rcode != RCODE_NOTHING) {
        return err_set(e, ERR_SYS_DNS, "the DNS server did not answer for %.260s (code %d)",
                       wish->name, result->rcode);
    }
    read_name(result, answer);
    for (size_t i = 0; !wish->is_only_name && result->havedata != 0 && result->data[i] != NULL;
         i++) {
        if (!add_record(answer, result->data[i], result->len[i], e)) {
            return false;
        }
    }
    return true;
}

bool dns_look_up(const struct dns_wish *wish, struct dns_answer *out_answer, struct err *e) {
    PL_AUTO(free_context) struct ub_ctx *context = NULL;
    PL_AUTO(free_result) struct asking asking = {0};
    struct dns_answer answer = {0};
    if (!make_context(wish, &context, e) || !ask(context, wish, &asking, e)) {
        return false;
    }
    if (!read_result(wish, asking.result, &answer, e)) {
        dns_answer_clear(&answer);
        return false;
    }
    *out_answer = answer;
    return true;
}
