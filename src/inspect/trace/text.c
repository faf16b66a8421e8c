/* The trace as text. */
#include "inspect/trace/text.h"

#include "base/mem.h"
#include "base/str.h"
#include "inspect/trace/paper.h"
#include "inspect/trace/told.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS_MIN = 40, BODY = 3, LABEL = 12, NAME_COLUMN = 34, STEPS = 9, BYTES_ROOM = 12 };

struct text {
    struct paper paper;
    const struct trace_text_style *style;
};

static const char *name_of_agreed(const json_t *agreed, const char *name) {
    return told_text(json_object_get(agreed, name), "name");
}

/* --- pieces --------------------------------------------------------------------------------------
 */

static void labelled(struct text *t, const char *label, enum paper_ink ink, const char *value) {
    if (value[0] == '\0') {
        return;
    }
    paper_tab(&t->paper, BODY);
    paper_put(&t->paper, PAPER_DIM, label);
    paper_tab(&t->paper, BODY + LABEL);
    paper_flow(&t->paper, ink, BODY + LABEL, value);
    paper_line(&t->paper);
}

static void put_ms(struct paper *p, enum paper_ink ink, int64_t us) {
    paper_printf(p, ink, "%lld.%lld ms", (long long)(us / 1000), (long long)(us % 1000 / 100));
}

/* --- fields --------------------------------------------------------------------------------------
 */

static bool is_leaf(const json_t *fields, size_t index) {
    const json_t *next = json_array_get(fields, index + 1);
    return next == NULL ||
           told_number(next, "depth") <= told_number(json_array_get(fields, index), "depth");
}

/* How many fields after this one are its children, when all are small values of the same name. */
static size_t count_alike(const json_t *fields, size_t index) {
    int64_t depth = told_number(json_array_get(fields, index), "depth");
    const char *name = NULL;
    size_t count = 0;
    for (size_t i = index + 1;; i++) {
        const json_t *field = json_array_get(fields, i);
        if (field == NULL || told_number(field, "depth") <= depth) {
            return count > 1 ? count : 0;
        }
        bool is_alike = told_number(field, "depth") == depth + 1 && is_leaf(fields, i) &&
                        told_text(field, "value")[0] != '\0' &&
                        told_number(field, "length") <= 300 &&
                        (name == NULL || str_equal(name, told_text(field, "name")));
        if (!is_alike) {
            return 0;
        }
        name = told_text(field, "name");
        count++;
    }
}

/* "TLS_AES_128_GCM_SHA256 (0x1301)" without the number. */
static void put_short(struct paper *p, unsigned indent, const char *value, bool is_last) {
    char text[340];
    const char *number = strstr(value, " (0x");
    size_t len = number == NULL ? strlen(value) : (size_t)(number - value);
    (void)snprintf(text, sizeof(text), "%.*s%s", (int)(len < 320 ? len : 320), value,
                   is_last ? "" : ",");
    if (p->column > indent && p->column + strlen(text) + 1 > p->columns) {
        paper_line(p);
    }
    if (p->column < indent) {
        paper_tab(p, indent);
    } else if (p->column > indent) {
        paper_tab(p, 0);
    }
    paper_put(p, PAPER_PLAIN, text);
}

static void put_alike(struct text *t, const json_t *fields, size_t index, size_t count) {
    for (size_t i = 1; i <= count; i++) {
        put_short(&t->paper, NAME_COLUMN, told_text(json_array_get(fields, index + i), "value"),
                  i == count);
    }
}

/* The field's bytes out of the message's. */
static void put_field_bytes(struct text *t, const json_t *field, const char *digits) {
    size_t offset = (size_t)told_number(field, "offset");
    size_t len = (size_t)told_number(field, "length");
    PL_AUTO(mem_freep) void *part = NULL;
    size_t whole = strlen(digits) / 2;
    if (offset <= whole && len <= whole - offset &&
        mem_dup(digits + 2 * offset, 2 * len, &part, NULL)) {
        paper_bytes(&t->paper, PAPER_DIM, NAME_COLUMN, part, false);
    }
}

static enum paper_ink field_ink(const json_t *field, const char *blamed) {
    const char *name = told_text(field, "name");
    bool is_extension = str_equal(name, "extension");
    bool is_blamed =
        blamed[0] != '\0' && str_equal(is_extension ? told_text(field, "value") : name, blamed);
    return is_blamed ? PAPER_RED : str_equal(name, "malformed") ? PAPER_RED : PAPER_CYAN;
}

/* An extension's type and length stand in its heading: what is inside follows them. */
static size_t put_extension(struct text *t, const json_t *fields, size_t index,
                            const char *blamed) {
    const json_t *field = json_array_get(fields, index);
    const json_t *data = json_array_get(fields, index + 2);
    bool is_usual = str_equal(told_text(data, "name"), "extension_data");
    paper_tab(&t->paper, BODY + 2 + 2 * (unsigned)(told_number(field, "depth") & 7));
    paper_put(&t->paper, field_ink(field, blamed), told_text(field, "value"));
    if (is_usual && is_leaf(fields, index + 2)) {
        paper_tab(&t->paper, NAME_COLUMN);
        paper_put(&t->paper, PAPER_DIM, "empty");
    }
    paper_line(&t->paper);
    return is_usual ? 3 : 1;
}

/* Returns how many fields were told together. */
static size_t put_field(struct text *t, const json_t *fields, size_t index, const char *digits,
                        const char *blamed) {
    struct paper *p = &t->paper;
    const json_t *field = json_array_get(fields, index);
    int64_t depth = told_number(field, "depth");
    unsigned indent = BODY + 2 + 2 * (unsigned)(depth > 10 ? 10 : depth < 0 ? 0 : depth);
    if (str_equal(told_text(field, "name"), "extension")) {
        return put_extension(t, fields, index, blamed);
    }
    size_t alike = count_alike(fields, index);
    bool has_value = told_text(field, "value")[0] != '\0';
    paper_tab(p, indent);
    paper_put(p, field_ink(field, blamed), told_text(field, "name"));
    paper_tab(p, NAME_COLUMN);
    if (alike > 0) {
        put_alike(t, fields, index, alike);
    } else if (has_value) {
        paper_flow(p, PAPER_PLAIN, NAME_COLUMN, told_text(field, "value"));
    }
    bool has_room = !has_value || p->column + BYTES_ROOM <= p->columns;
    if (alike == 0 && has_room && is_leaf(fields, index) && told_number(field, "length") > 0) {
        paper_put(p, PAPER_PLAIN, has_value ? "  " : "");
        put_field_bytes(t, field, digits);
    }
    paper_line(p);
    return alike + 1;
}

static void put_fields(struct text *t, const json_t *message, const char *blamed) {
    const json_t *fields = json_object_get(message, "fields");
    size_t count = json_array_size(fields);
    /* The message's type and its body stand in the heading already. */
    bool is_handshake = str_equal(told_text(message, "kind"), "handshake");
    for (size_t i = is_handshake && count > 2 ? 2 : 0; i < count;) {
        i += put_field(t, fields, i, told_text(message, "bytes"), blamed);
    }
}

/* --- messages ------------------------------------------------------------------------------------
 */

static void put_text(struct text *t, const json_t *message) {
    const char *text = told_text(message, "text");
    while (*text != '\0') {
        size_t len = strcspn(text, "\r\n");
        if (len > 0) {
            PL_AUTO(mem_freep) void *line = NULL;
            paper_tab(&t->paper, BODY + 2);
            if (mem_dup(text, len, &line, NULL)) {
                paper_flow(&t->paper, PAPER_PLAIN, BODY + 2, line);
            }
            paper_line(&t->paper);
        }
        text += len;
        text += strspn(text, "\r\n");
    }
}

static void put_message(struct text *t, const json_t *message, const char *blamed) {
    struct paper *p = &t->paper;
    bool is_client = str_equal(told_text(message, "from"), "client");
    const char *keys = told_text(message, "keys");
    bool is_clear = str_equal(keys, "none");
    paper_tab(p, 1);
    paper_printf(p, is_client ? PAPER_YELLOW : PAPER_GREEN, "%s ", is_client ? "→" : "←");
    paper_put(p, PAPER_BOLD, told_text(message, "name"));
    if (told_text(message, "alert")[0] != '\0') {
        paper_printf(p, PAPER_BOLD, ": %s", told_text(message, "alert"));
    }
    paper_printf(p, PAPER_DIM, "  %s, %lld byte%s, %s, ", is_client ? "client" : "server",
                 (long long)told_number(message, "length"),
                 told_number(message, "length") == 1 ? "" : "s",
                 is_clear                       ? "in the clear"
                 : str_equal(keys, "handshake") ? "encrypted (handshake keys)"
                 : str_equal(keys, "early")     ? "encrypted (the ticket's keys)"
                                                : "encrypted");
    put_ms(p, PAPER_DIM, told_number(message, "time_us"));
    paper_line(p);
    if (t->style->detail == TRACE_TEXT_BRIEF) {
        return;
    }
    labelled(t, "why", PAPER_PLAIN, told_text(message, "why"));
    labelled(t, "readable by", PAPER_PLAIN, told_text(message, "readers"));
    labelled(t, "an attacker", PAPER_PLAIN, told_text(message, "attacker"));
    put_fields(t, message, blamed);
    put_text(t, message);
    if (t->style->detail == TRACE_TEXT_BYTES) {
        paper_tab(p, BODY + 2);
        paper_bytes(p, PAPER_DIM, BODY + 2, told_text(message, "bytes"), true);
        paper_line(p);
    }
}

/* --- secrets and checks --------------------------------------------------------------------------
 */

/* "HKDF-Expand-Label(handshake_secret, "c hs traffic", context, SHA256)" */
static void put_formula(struct text *t, const json_t *secret) {
    struct paper *p = &t->paper;
    const json_t *inputs = json_object_get(secret, "inputs");
    const char *label = told_text(secret, "label");
    const char *hash = told_text(secret, "hash");
    char formula[512] = "";
    size_t len = 0;
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        int more = snprintf(formula + len, sizeof(formula) - len, "%s%s", i == 0 ? "" : ", ",
                            told_text(json_array_get(inputs, i), "name"));
        len += more > 0 && (size_t)more < sizeof(formula) - len ? (size_t)more : 0;
        if (i == 0 && label[0] != '\0') {
            more = snprintf(formula + len, sizeof(formula) - len, ", \"%s\"", label);
            len += more > 0 && (size_t)more < sizeof(formula) - len ? (size_t)more : 0;
        }
    }
    paper_tab(p, BODY + 2);
    paper_put(p, PAPER_DIM, "= ");
    const char *operation = told_text(secret, "operation");
    if (str_equal(operation, "hash")) {
        (void)snprintf(formula, sizeof(formula), "handshake messages 1 to %lld",
                       (long long)told_number(secret, "number"));
    }
    char whole[640];
    (void)snprintf(whole, sizeof(whole), "%s%s%s(%s)", told_text(secret, "operation_text"),
                   hash[0] == '\0' ? "" : " ", hash, formula);
    bool is_given = str_equal(operation, "given");
    paper_flow(p, PAPER_DIM, BODY + 4, is_given ? "given" : whole);
    paper_line(p);
}

static void put_secret(struct text *t, const json_t *secret) {
    struct paper *p = &t->paper;
    bool is_server = told_is_set(secret, "is_server_only");
    paper_tab(p, 1);
    paper_put(p, PAPER_CYAN, is_server ? "◆ " : "• ");
    paper_put(p, PAPER_BOLD, told_text(secret, "name"));
    if (is_server) {
        paper_put(p, PAPER_YELLOW, "  the server alone");
    }
    paper_line(p);
    if (told_text(secret, "about")[0] != '\0') {
        paper_tab(p, BODY);
        paper_flow(p, PAPER_PLAIN, BODY, told_text(secret, "about"));
        paper_line(p);
    }
    put_formula(t, secret);
    paper_tab(p, BODY + 2);
    paper_bytes(p, PAPER_PLAIN, BODY + 2, told_text(secret, "output"),
                t->style->detail == TRACE_TEXT_BYTES || strlen(told_text(secret, "output")) <= 128);
    paper_line(p);
}

static void put_verdict(struct text *t, const char *outcome, const char *name,
                        const char *sentence) {
    bool is_pass = str_equal(outcome, "pass");
    bool is_fail = str_equal(outcome, "fail");
    enum paper_ink ink = is_pass ? PAPER_GREEN : is_fail ? PAPER_RED : PAPER_YELLOW;
    paper_tab(&t->paper, 1);
    paper_put(&t->paper, ink, is_pass ? "✓ " : is_fail ? "✗ " : "? ");
    paper_put(&t->paper, PAPER_BOLD, name);
    paper_put(&t->paper, PAPER_PLAIN, ":");
    paper_flow(&t->paper, PAPER_PLAIN, BODY, " ");
    paper_put(&t->paper, PAPER_PLAIN, " ");
    paper_flow(&t->paper, PAPER_PLAIN, BODY, sentence);
    paper_line(&t->paper);
}

static void put_certificates(struct text *t, const json_t *handshake) {
    const json_t *certs = json_object_get(handshake, "certificates");
    const json_t *checks = json_object_get(handshake, "verification");
    for (size_t i = 0; i < json_array_size(certs); i++) {
        const json_t *cert = json_array_get(certs, i);
        char line[1024];
        (void)snprintf(line, sizeof(line), "%.300s, issued by %.300s, %.60s, until %.10s",
                       told_text(cert, "subject"), told_text(cert, "issuer"),
                       told_text(cert, "key"), told_text(cert, "not_after"));
        paper_tab(&t->paper, 1);
        paper_put(&t->paper, PAPER_CYAN, "• ");
        paper_flow(&t->paper, PAPER_PLAIN, BODY, line);
        paper_line(&t->paper);
        if (t->style->detail != TRACE_TEXT_BRIEF) {
            labelled(t, "JA4X", PAPER_DIM, told_text(cert, "ja4x"));
        }
    }
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        put_verdict(t, told_text(check, "outcome"), told_text(check, "check"),
                    told_text(check, "sentence"));
    }
}

/* --- steps ---------------------------------------------------------------------------------------
 */

static bool is_of_step(const json_t *thing, int64_t step) {
    return told_number(thing, "step") == step;
}

static void put_list(struct text *t, const json_t *list, int64_t step,
                     void (*put)(struct text *t, const json_t *thing)) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *thing = json_array_get(list, i);
        if (is_of_step(thing, step)) {
            put(t, thing);
        }
    }
}

static void put_check(struct text *t, const json_t *check) {
    put_verdict(t, told_text(check, "outcome"), told_text(check, "name"),
                told_text(check, "sentence"));
}

static void put_heading(struct text *t, const json_t *step) {
    struct paper *p = &t->paper;
    paper_line(p);
    paper_printf(p, PAPER_BOLD, "%lld  %s", (long long)told_number(step, "number"),
                 told_text(step, "title"));
    paper_line(p);
    if (t->style->detail == TRACE_TEXT_BRIEF) {
        return;
    }
    labelled(t, "the article", PAPER_DIM, told_text(step, "article"));
    labelled(t, "here", PAPER_PLAIN, told_text(step, "text"));
}

static void put_step(struct text *t, const json_t *handshake, const json_t *step) {
    int64_t number = told_number(step, "number");
    const json_t *messages = json_object_get(handshake, "messages");
    const char *blamed = told_text(json_object_get(handshake, "failure"), "field");
    put_heading(t, step);
    for (size_t i = 0; i < json_array_size(messages); i++) {
        if (is_of_step(json_array_get(messages, i), number)) {
            put_message(t, json_array_get(messages, i), blamed);
        }
    }
    if (number == 3) {
        put_certificates(t, handshake);
    }
    if (t->style->detail != TRACE_TEXT_BRIEF) {
        put_list(t, json_object_get(handshake, "secrets"), number, put_secret);
    }
    put_list(t, json_object_get(handshake, "checks"), number, put_check);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static void put_flights(struct text *t, const json_t *handshake) {
    struct paper *p = &t->paper;
    const json_t *flights = json_object_get(handshake, "flights");
    paper_line(p);
    paper_put(p, PAPER_BOLD, "Flights");
    paper_line(p);
    for (size_t i = 0; i < json_array_size(flights); i++) {
        const json_t *flight = json_array_get(flights, i);
        bool is_client = str_equal(told_text(flight, "from"), "client");
        paper_tab(p, 1);
        paper_printf(p, is_client ? PAPER_YELLOW : PAPER_GREEN, "%s %s", is_client ? "→" : "←",
                     is_client ? "client" : "server");
        paper_tab(p, 12);
        paper_printf(p, PAPER_PLAIN, "%6lld bytes in %lld record%s, ",
                     (long long)told_number(flight, "bytes"),
                     (long long)told_number(flight, "records"),
                     told_number(flight, "records") == 1 ? "" : "s");
        put_ms(p, PAPER_PLAIN, told_number(flight, "waited_us"));
        paper_put(p, PAPER_PLAIN, " after what came before");
        paper_line(p);
    }
}

static void put_agreed(struct text *t, const json_t *handshake) {
    const json_t *agreed = json_object_get(handshake, "agreed");
    char line[512];
    (void)snprintf(
        line, sizeof(line), "%s%s%s%s%s%s%s%s%s", name_of_agreed(agreed, "version"),
        name_of_agreed(agreed, "suite")[0] == '\0' ? "" : ", ", name_of_agreed(agreed, "suite"),
        name_of_agreed(agreed, "group")[0] == '\0' ? "" : ", ", name_of_agreed(agreed, "group"),
        told_text(agreed, "protocol")[0] == '\0' ? "" : ", ", told_text(agreed, "protocol"),
        told_is_set(agreed, "is_resumed") ? ", resumed" : "",
        told_is_set(agreed, "was_retried") ? ", after a second hello" : "");
    labelled(t, "agreed", PAPER_BOLD, line);
    labelled(t, "meaning", PAPER_PLAIN, told_text(agreed, "lesson"));
    if (t->style->detail != TRACE_TEXT_BRIEF) {
        const json_t *print = json_object_get(handshake, "fingerprint");
        labelled(t, "JA4S", PAPER_DIM, told_text(print, "ja4s"));
        labelled(t, "JA3S", PAPER_DIM, told_text(print, "ja3s"));
    }
}

static void put_failure(struct text *t, const json_t *failure) {
    if (failure == NULL) {
        return;
    }
    labelled(t, "failed", PAPER_RED, told_text(failure, "sentence"));
    labelled(t, "field", PAPER_RED, told_text(failure, "field"));
    labelled(t, "meaning", PAPER_PLAIN, told_text(failure, "meaning"));
    labelled(t, "code", PAPER_DIM, told_text(failure, "code"));
}

static void put_handshake(struct text *t, const json_t *handshake) {
    const json_t *steps = json_object_get(handshake, "steps");
    paper_put(&t->paper, PAPER_BOLD, told_text(handshake, "title"));
    paper_line(&t->paper);
    put_agreed(t, handshake);
    put_failure(t, json_object_get(handshake, "failure"));
    for (size_t i = 0; i < json_array_size(steps) && i < STEPS; i++) {
        put_step(t, handshake, json_array_get(steps, i));
    }
    put_flights(t, handshake);
}

bool trace_text(const json_t *document, const struct trace_text_style *style, struct buf *out,
                struct err *e) {
    struct text t = {
        .paper = {.out = out,
                  .columns = style->columns < COLUMNS_MIN ? COLUMNS_MIN : style->columns,
                  .has_color = style->has_color},
        .style = style};
    const json_t *handshakes = json_object_get(document, "handshakes");
    paper_printf(&t.paper, PAPER_BOLD, "%s", told_text(document, "target"));
    if (told_text(document, "lab")[0] == '\0') {
        paper_printf(&t.paper, PAPER_PLAIN, "  %s port %lld", told_text(document, "address"),
                     (long long)told_number(document, "port"));
    }
    paper_line(&t.paper);
    for (size_t i = 0; i < json_array_size(handshakes); i++) {
        paper_line(&t.paper);
        put_handshake(&t, json_array_get(handshakes, i));
    }
    return !t.paper.is_failed || err_set(e, ERR_BASE_LIMIT, "the trace is too long to be shown");
}
