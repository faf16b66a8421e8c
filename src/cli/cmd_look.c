/* padlock verify, inspect: as a client sees it, and what any file is. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/view.h"
#include "codec/json.h"
#include "ops/verify.h"

#include <stdio.h>

enum { TIMEOUT_MS = 10000, LINES_MAX = 64 };

static const char *outcome_text(enum verify_outcome outcome) {
    switch (outcome) {
    case VERIFY_PASS:
        return "pass";
    case VERIFY_FAIL:
        return "fail";
    case VERIFY_UNKNOWN:
        return "unknown";
    }
    return "unknown";
}

static json_t *check_document(const struct verify_check *check) {
    json_t *o = json_object();
    bool ok =
        o != NULL && json_set_text(o, "check", verify_check_name(check->id), NULL) &&
        json_set_text(o, "outcome", outcome_text(check->outcome), NULL) &&
        json_set_text(o, "sentence", check->sentence, NULL) &&
        (check->code == ERR_NONE || json_set_text(o, "code", err_code_text(check->code), NULL)) &&
        (check->hint[0] == '\0' || json_set_text(o, "hint", check->hint, NULL));
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static json_t *verdict_document(const struct cli *cli, const struct verification *v) {
    json_t *checks = json_array();
    json_t *chain = json_array();
    for (size_t i = 0; i < VERIFY_CHECK_COUNT; i++) {
        (void)json_array_append_new(checks, check_document(&v->verdict.checks[i]));
    }
    for (size_t i = 0; i < v->verdict.chain.count; i++) {
        json_t *one = json_object();
        (void)(json_set_text(one, "subject", v->verdict.chain.items[i]->subject_text, NULL) &&
               json_set_hex(one, "sha256", v->verdict.chain.items[i]->sha256, 32, NULL));
        (void)json_array_append_new(chain, one);
    }
    json_t *document = json_object();
    bool ok = json_set_text(document, "target", args_at(cli->args, 0), NULL) &&
              json_set_text(document, "host", v->host, NULL) &&
              json_set_text(document, "outcome", outcome_text(v->verdict.overall), NULL) &&
              json_set_text(document, "trust", v->trust, NULL) &&
              json_set_taken(document, "checks", checks, NULL) &&
              json_set_taken(document, "chain", chain, NULL) &&
              json_set_taken(document, "notes", view_list(&v->verdict.presentation.notes), NULL) &&
              (!v->is_server || (json_set_text(document, "address", v->look.address, NULL) &&
                                 json_set_text(document, "version", v->look.version, NULL) &&
                                 json_set_text(document, "suite", v->look.suite, NULL) &&
                                 json_set_text(document, "group", v->look.group, NULL)));
    if (!ok) {
        json_decref(document);
        return NULL;
    }
    return document;
}

static void print_check(const struct cli *cli, const struct verify_check *check) {
    static const char *const marks[] = {"✓", "✗", "?"};
    static const enum out_color colors[] = {OUT_GREEN, OUT_RED, OUT_YELLOW};
    char code[80] = "";
    if (check->outcome == VERIFY_FAIL) {
        (void)snprintf(code, sizeof(code), "  [%s]", err_code_text(check->code));
    }
    out_colored(&cli->out, colors[check->outcome], "%s %-11s %s%s", marks[check->outcome],
                verify_check_name(check->id), check->sentence, code);
    if (check->hint[0] != '\0' && check->outcome == VERIFY_FAIL) {
        out_line(&cli->out, "  hint: %s", check->hint);
    }
}

static void print_verification(const struct cli *cli, const struct verification *v) {
    const struct cert *leaf =
        v->verdict.chain.count > 0 ? v->verdict.chain.items[0] : v->look.presented.items[0];
    if (v->is_server) {
        out_line(&cli->out, "%s (%s), %s, %s%s%s", args_at(cli->args, 0), v->look.address,
                 v->look.version, v->look.suite, v->look.group[0] == '\0' ? "" : ", ",
                 v->look.group);
    }
    out_line(&cli->out, "certificate: %s, issued by %s", cert_display_name(leaf),
             cert_issuer_display_name(leaf));
    for (size_t i = 0; i < VERIFY_CHECK_COUNT; i++) {
        print_check(cli, &v->verdict.checks[i]);
    }
    for (size_t i = 0; i < v->verdict.presentation.notes.count; i++) {
        out_line(&cli->out, "note: %s", v->verdict.presentation.notes.items[i]);
    }
    bool is_good = v->verdict.overall != VERIFY_FAIL;
    out_colored(&cli->out, is_good ? OUT_GREEN : OUT_RED, "%s (trusting %s)",
                is_good ? "verified" : "not verified", v->trust);
}

static bool run_verify(struct cli *cli, struct err *e) {
    PL_AUTO(verification_clear) struct verification v = {0};
    const struct verify_wish wish = {.target = args_at(cli->args, 0),
                                     .host = args_text(cli->args, "host"),
                                     .trust_file = args_text(cli->args, "trust"),
                                     .at_ms = args_date_ms(cli->args, "at", clock_now_ms()),
                                     .timeout_ms =
                                         args_duration_ms(cli->args, "timeout", TIMEOUT_MS)};
    if (!ops_verify(cli->ops, &wish, &v, e)) {
        return false;
    }
    print_verification(cli, &v);
    cli->exit_code = v.verdict.overall == VERIFY_FAIL ? 1 : 0;
    return out_json(&cli->out, verdict_document(cli, &v), e);
}

static json_t *item_document(const struct detected_item *item, const struct list *lines) {
    json_t *o = json_object();
    char key[KEY_SPEC_TEXT];
    key_spec_format(&item->key_spec, key);
    bool ok = o != NULL && json_set_text(o, "kind", sniff_describe(item->kind), NULL) &&
              json_set_text(o, "detail", item->detail, NULL) &&
              json_set_text(o, "problem", item->problem, NULL) &&
              json_set_bool(o, "needs_password", item->needs_password, NULL) &&
              (!item->has_spki || (json_set_hex(o, "spki_sha256", item->spki_sha256, 32, NULL) &&
                                   json_set_text(o, "key", key, NULL))) &&
              (item->cert == NULL || json_set_text(o, "subject", item->cert->subject_text, NULL)) &&
              json_set_taken(o, "relations", view_list(lines), NULL);
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static void print_item(const struct cli *cli, const struct detected_item *item,
                       const struct list *lines) {
    char key[KEY_SPEC_TEXT] = "";
    if (item->has_spki) {
        key_spec_describe(&item->key_spec, key);
    }
    out_line(&cli->out,
             "- "
             "%s%s%s%s%s",
             sniff_describe(item->kind), key[0] == '\0' ? "" : ", ", key,
             item->detail[0] == '\0' ? "" : ", ", item->detail);
    out_field(&cli->out, "problem", "%s", item->problem);
    if (item->cert != NULL) {
        char ends[11];
        clock_format_day(item->cert->not_after_ms, ends);
        out_field(&cli->out, "subject", "%s", item->cert->subject_text);
        out_field(&cli->out, "issuer", "%s", item->cert->issuer_text);
        out_field(&cli->out, "valid until", "%s", ends);
    }
    if (item->csr != NULL) {
        PL_AUTO(mem_freep) char *subject = NULL;
        if (dn_format(&item->csr->subject, &subject, NULL)) {
            out_field(&cli->out, "subject", "%s", subject);
        }
    }
    for (size_t i = 0; i < lines->count; i++) {
        out_field(&cli->out, "", "%s", lines->items[i]);
    }
}

static bool inspect_items(struct cli *cli, const struct detected *detected, json_t *items,
                          struct err *e) {
    for (size_t i = 0; i < detected->count; i++) {
        const struct detected_item *item = &detected->items[i];
        PL_AUTO(list_clear) struct list lines;
        list_init(&lines, LINES_MAX);
        if (item->has_spki && !ops_relations(cli->ops, item->spki_sha256, detected, &lines, e)) {
            return false;
        }
        print_item(cli, item, &lines);
        (void)json_array_append_new(items, item_document(item, &lines));
    }
    return true;
}

static bool run_inspect(struct cli *cli, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf file = {0};
    PL_AUTO(detected_clear) struct detected detected = {0};
    PL_AUTO(json_freep) json_t *items = json_array();
    const char *path = args_at(cli->args, 0);
    if (!cli_read_file(path, DETECT_INPUT_MAX, &file, e) ||
        !detect(file.data, file.len, clock_now_ms(), &detected, e)) {
        return false;
    }
    out_line(&cli->out, "%s: %s", path, detected.description);
    if (!inspect_items(cli, &detected, items, e)) {
        return false;
    }
    json_t *document = json_object();
    bool ok = json_set_text(document, "file", path, e) &&
              json_set_text(document, "description", detected.description, e) &&
              json_set_taken(document, "items", PL_TAKE(items), e);
    if (!ok) {
        json_decref(document);
        return false;
    }
    return out_json(&cli->out, document, e);
}

static const struct option verify_options[] = {
    {"host", OPTION_TEXT, "NAME",
     "the name that the certificate must be for, and that is asked for (SNI)"},
    {"trust", OPTION_TEXT, "FILE", "trust only the certificates in this file"},
    {"at", OPTION_DATE, "DATE", "verify as of that date"},
    {"timeout", OPTION_DURATION, "DURATION", "how long to wait for a server (default 10s)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command look_commands[] = {
    {"verify", "HOST[:PORT]|FILE", 1, 1, COMMAND_STORE_IF_ANY,
     "verify a server's certificate, or a file's, as a client does",
     "Five checks, a sentence each: dates, issuer, signature, name, revocation. Exit code 0 "
     "when none\n"
     "fails, 1 when one does.\n\n  padlock verify www.example.com\n  padlock verify "
     "127.0.0.1:8443 --host www.example.com",
     verify_options, run_verify},
    {"inspect", "FILE", 1, 1, COMMAND_STORE_IF_ANY,
     "say what any file is, and what in this store it belongs to", NULL, NULL, run_inspect},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
