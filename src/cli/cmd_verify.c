/* padlock verify: a server's certificate, or a file's, as clients see it. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/view.h"
#include "codec/json.h"
#include "ops/verify.h"

#include <stdio.h>

enum { TIMEOUT_MS = 10000 };

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

/* --- the document --- */

static bool set_check(json_t *o, const struct verify_check *check) {
    return json_set_text(o, "outcome", outcome_text(check->outcome), NULL) &&
           json_set_text(o, "sentence", check->sentence, NULL) &&
           (check->code == ERR_NONE ||
            json_set_text(o, "code", err_code_text(check->code), NULL)) &&
           (check->hint[0] == '\0' || json_set_text(o, "hint", check->hint, NULL));
}

/* What was made, or NULL when it could not be made whole. */
static json_t *whole(json_t *o, bool ok) {
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static json_t *check_document(const struct verify_check *check) {
    json_t *o = json_object();
    return whole(o, o != NULL && json_set_text(o, "check", verify_check_name(check->id), NULL) &&
                        set_check(o, check));
}

static json_t *panel_document(const struct panel *panel) {
    json_t *o = json_object();
    json_t *lines = json_array();
    for (size_t i = 0; i < panel->lines.count; i++) {
        json_t *line = json_object();
        bool ok = json_set_text(line, "mark", panel_mark_text(panel->marks[i]), NULL) &&
                  json_set_text(line, "text", panel->lines.items[i], NULL);
        (void)json_array_append_new(lines, whole(line, ok));
    }
    return whole(o, o != NULL && json_set_text(o, "panel", panel_name(panel->id), NULL) &&
                        json_set_text(o, "question", panel_question(panel->id), NULL) &&
                        set_check(o, &panel->head) && json_set_taken(o, "lines", lines, NULL));
}

static json_t *chain_document(const struct cert_list *certs) {
    json_t *chain = json_array();
    for (size_t i = 0; i < certs->count; i++) {
        json_t *one = json_object();
        bool ok = json_set_text(one, "subject", certs->items[i]->subject_text, NULL) &&
                  json_set_hex(one, "sha256", certs->items[i]->sha256, 32, NULL);
        (void)json_array_append_new(chain, whole(one, ok));
    }
    return chain;
}

static json_t *verification_document(const struct cli *cli, const struct verification *v) {
    json_t *checks = json_array();
    json_t *panels = json_array();
    for (size_t i = 0; i < VERIFY_CHECK_COUNT; i++) {
        (void)json_array_append_new(checks, check_document(&v->verdict.checks[i]));
    }
    for (size_t i = 0; i < PANEL_COUNT; i++) {
        (void)json_array_append_new(panels, panel_document(&v->panels.items[i]));
    }
    json_t *document = json_object();
    return whole(
        document,
        json_set_text(document, "target", args_at(cli->args, 0), NULL) &&
            json_set_text(document, "host", v->host, NULL) &&
            json_set_text(document, "outcome", outcome_text(v->verdict.overall), NULL) &&
            json_set_text(document, "trust", v->trust, NULL) &&
            json_set_bool(document, "is_public", v->is_public, NULL) &&
            json_set_taken(document, "checks", checks, NULL) &&
            json_set_taken(document, "panels", panels, NULL) &&
            json_set_taken(document, "chain", chain_document(&v->verdict.chain), NULL) &&
            json_set_taken(document, "notes", view_list(&v->verdict.presentation.notes), NULL) &&
            (!v->is_server || (json_set_text(document, "address", v->look.address, NULL) &&
                               json_set_text(document, "version", v->look.version, NULL) &&
                               json_set_text(document, "suite", v->look.suite, NULL) &&
                               json_set_text(document, "group", v->look.group, NULL))));
}

/* --- the terminal --- */

static void print_lines(const struct cli *cli, const struct panel *panel) {
    static const char *const marks[] = {"·", "✓", "✗", "?"};
    static const enum out_color colors[] = {OUT_PLAIN, OUT_GREEN, OUT_RED, OUT_YELLOW};
    for (size_t i = 0; i < panel->lines.count; i++) {
        out_colored(&cli->out, colors[panel->marks[i]], "    %s %s", marks[panel->marks[i]],
                    panel->lines.items[i]);
    }
}

static void print_panel(const struct cli *cli, const struct panel *panel, bool is_full) {
    static const char *const marks[] = {"✓", "✗", "?"};
    static const enum out_color colors[] = {OUT_GREEN, OUT_RED, OUT_YELLOW};
    const struct verify_check *head = &panel->head;
    bool has_failed = head->outcome == VERIFY_FAIL;
    char code[80] = "";
    if (has_failed) {
        (void)snprintf(code, sizeof(code), "  [%s]", err_code_text(head->code));
    }
    if (is_full) {
        out_colored(&cli->out, OUT_DIM, "  %s", panel_question(panel->id));
    }
    out_colored(&cli->out, colors[head->outcome], "%s %-13s %s%s", marks[head->outcome],
                panel_name(panel->id), head->sentence, code);
    if (is_full || has_failed) {
        print_lines(cli, panel);
    }
    if (head->hint[0] != '\0' && has_failed) {
        out_line(&cli->out, "    hint: %s", head->hint);
    }
}

static void print_verification(const struct cli *cli, const struct verification *v) {
    bool is_full = args_flag(cli->args, "full");
    const struct cert *leaf = v->verdict.chain.items[0];
    if (v->is_server) {
        out_line(&cli->out, "%s (%s), %s, %s%s%s", args_at(cli->args, 0), v->look.address,
                 v->look.version, v->look.suite, v->look.group[0] == '\0' ? "" : ", ",
                 v->look.group);
    }
    out_line(&cli->out, "certificate: %s, issued by %s", cert_display_name(leaf),
             cert_issuer_display_name(leaf));
    for (size_t i = 0; i < PANEL_COUNT; i++) {
        print_panel(cli, &v->panels.items[i], is_full);
    }
    for (size_t i = 0; i < v->verdict.presentation.notes.count; i++) {
        out_line(&cli->out, "note: %s", v->verdict.presentation.notes.items[i]);
    }
    bool is_good = v->verdict.overall != VERIFY_FAIL;
    out_colored(&cli->out, is_good ? OUT_GREEN : OUT_RED, "%s (trusting %s)",
                is_good ? "verified" : "not verified", v->trust);
}

/* The choices of --roots. */
static enum verify_roots roots_of(const struct args *args) {
    static const enum verify_roots roots[] = {VERIFY_ROOTS_SYSTEM, VERIFY_ROOTS_OWN};
    int choice = args_choice(args, "roots");
    return choice < 0 ? VERIFY_ROOTS_BOTH : roots[choice];
}

static bool run_verify(struct cli *cli, struct err *e) {
    PL_AUTO(verification_clear) struct verification v = {0};
    const struct verify_wish wish = {.target = args_at(cli->args, 0),
                                     .host = args_text(cli->args, "host"),
                                     .trust_file = args_text(cli->args, "trust"),
                                     .roots = roots_of(cli->args),
                                     .issuer_files = args_many(cli->args, "issuers"),
                                     .crl_files = args_many(cli->args, "crl"),
                                     .at_ms = args_date_ms(cli->args, "at", clock_now_ms()),
                                     .timeout_ms =
                                         args_duration_ms(cli->args, "timeout", TIMEOUT_MS)};
    if (!ops_verify(cli->ops, &wish, &v, e)) {
        return false;
    }
    print_verification(cli, &v);
    cli->exit_code = v.verdict.overall == VERIFY_FAIL ? 1 : 0;
    return out_json(&cli->out, verification_document(cli, &v), e);
}

static const struct option verify_options[] = {
    {"host", OPTION_TEXT, "NAME",
     "the name that the certificate must be for, and that is asked for (SNI)"},
    {"trust", OPTION_TEXT, "FILE", "trust only the certificates in this file"},
    {"roots", OPTION_CHOICE, "system|own",
     "trust only the system's roots, or only this store's own"},
    {"issuers", OPTION_MANY, "FILE",
     "issuers that the client has or fetches although they are not presented"},
    {"crl", OPTION_MANY, "FILE", "a revocation list to look into"},
    {"at", OPTION_DATE, "DATE", "verify as of that date"},
    {"full", OPTION_FLAG, NULL, "show every panel with its question and all its facts"},
    {"timeout", OPTION_DURATION, "DURATION", "how long to wait for a server (default 10s)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command verify_commands[] = {
    {"verify", "HOST[:PORT]|FILE", 1, 1, COMMAND_STORE_IF_ANY,
     "verify a server's certificate, or a file's, as a client does",
     "What a client asks of a certificate, a panel each: chain, signatures, dates, name, "
     "constraints,\n"
     "usages, policies, strength, transparency, revocation. Facts are shown of what failed, with "
     "--full\n"
     "of everything. Exit code 0 when nothing fails, 1 when something does.\n\n"
     "  padlock verify www.example.com\n"
     "  padlock verify 127.0.0.1:8443 --host www.example.com --at 2027-06-01 --full",
     verify_options, run_verify},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
