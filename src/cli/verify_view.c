/* A verification for people and for programs. */
#include "cli/verify_view.h"

#include "cli/view.h"
#include "codec/json.h"

#include <stdio.h>

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

static json_t *timestamp_document(const struct ct_timestamp *one) {
    json_t *o = json_object();
    const struct ct_log *log = one->log;
    return whole(
        o, json_set_text(o, "way", ct_way_text(one->way), NULL) &&
               json_set_hex(o, "log_id", one->sct.log_id, sizeof(one->sct.log_id), NULL) &&
               json_set_time(o, "at", one->sct.at_ms, NULL) &&
               (log == NULL ||
                (json_set_text(o, "log", log->name, NULL) &&
                 json_set_text(o, "operator", ct_log_operator_at(log, one->sct.at_ms), NULL))) &&
               json_set_bool(o, "counts", one->worth == CT_COUNTS, NULL) &&
               json_set_text(o, "worth", ct_worth_text(one->worth), NULL));
}

static json_t *timestamps_document(const struct ct_result *ct) {
    json_t *all = json_array();
    for (size_t i = 0; i < ct->count; i++) {
        (void)json_array_append_new(all, timestamp_document(&ct->items[i]));
    }
    return all;
}

static json_t *browser_document(const struct browser_view *view) {
    json_t *o = json_object();
    return whole(o, o != NULL && json_set_text(o, "browser", browser_name(view->browser), NULL) &&
                        json_set_text(o, "outcome", browser_outcome_text(view->outcome), NULL) &&
                        json_set_text(o, "code", view->code, NULL) &&
                        json_set_text(o, "title", view->title, NULL) &&
                        json_set_text(o, "text", view->text, NULL) &&
                        json_set_text(o, "detail", view->detail, NULL) &&
                        json_set_text(o, "proceed", view->proceed, NULL) &&
                        json_set_text(o, "note", view->note, NULL) &&
                        (view->outcome == BROWSER_SHOWN ||
                         json_set_bool(o, "is_observed", view->is_observed, NULL)) &&
                        (view->fault == ERR_NONE ||
                         json_set_text(o, "fault", err_code_text(view->fault), NULL)));
}

json_t *verify_view_browsers(const struct verification *v) {
    json_t *browsers = json_array();
    for (size_t i = 0; i < BROWSER_COUNT; i++) {
        (void)json_array_append_new(browsers, browser_document(&v->views[i]));
    }
    return browsers;
}

json_t *verify_view_document(const struct verification *v) {
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
        json_set_text(document, "host", v->host, NULL) &&
            json_set_text(document, "outcome", outcome_text(v->verdict.overall), NULL) &&
            json_set_text(document, "trust", v->trust, NULL) &&
            json_set_bool(document, "is_public", v->is_public, NULL) &&
            json_set_taken(document, "checks", checks, NULL) &&
            json_set_taken(document, "panels", panels, NULL) &&
            json_set_taken(document, "browsers", verify_view_browsers(v), NULL) &&
            json_set_taken(document, "chain", chain_document(&v->verdict.chain), NULL) &&
            json_set_taken(document, "timestamps", timestamps_document(&v->timestamps), NULL) &&
            json_set_taken(document, "fetches", view_list(&v->fetches), NULL) &&
            (!v->has_dane || json_set_taken(document, "dane", panel_document(&v->dane), NULL)) &&
            json_set_bool(document, "is_good", ops_verify_is_good(v), NULL) &&
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

/* A line each: what it says, without what it says always. */
static void print_browser(const struct cli *cli, const struct browser_view *view) {
    static const char *const marks[] = {
        [BROWSER_SHOWN] = "✓", [BROWSER_WARNED] = "!", [BROWSER_REFUSED] = "✗"};
    static const enum out_color colors[] = {
        [BROWSER_SHOWN] = OUT_GREEN, [BROWSER_WARNED] = OUT_YELLOW, [BROWSER_REFUSED] = OUT_RED};
    static const char *const words[] = {[BROWSER_SHOWN] = "shows the page",
                                        [BROWSER_WARNED] = "warns",
                                        [BROWSER_REFUSED] = "refuses"};
    out_colored(&cli->out, colors[view->outcome], "  %s %-18s %s%s%s%s%s", marks[view->outcome],
                browser_name(view->browser), words[view->outcome],
                view->title[0] == '\0' ? "" : ": ", view->title, view->code[0] == '\0' ? "" : "  ",
                view->code);
    if (view->outcome == BROWSER_SHOWN && view->note[0] != '\0') {
        out_line(&cli->out, "    · %s", view->note);
    }
}

void verify_view_print_browsers(const struct cli *cli, const struct verification *v) {
    out_line(&cli->out, "what will they see?%s",
             v->drawings.count == 0 ? " (--browsers draws it)" : "");
    for (size_t i = 0; i < BROWSER_COUNT; i++) {
        print_browser(cli, &v->views[i]);
    }
    for (size_t i = 0; i < v->drawings.count; i++) {
        out_line(&cli->out, "%s", v->drawings.items[i]);
    }
}

void verify_view_print(const struct cli *cli, const struct verification *v, bool is_full) {
    for (size_t i = 0; i < PANEL_COUNT; i++) {
        print_panel(cli, &v->panels.items[i], is_full);
    }
    if (v->has_dane) {
        print_panel(cli, &v->dane, true);
    }
    for (size_t i = 0; i < v->verdict.presentation.notes.count; i++) {
        out_line(&cli->out, "note: %s", v->verdict.presentation.notes.items[i]);
    }
    for (size_t i = 0; i < v->fetches.count; i++) {
        out_line(&cli->out, "fetch: %s", v->fetches.items[i]);
    }
    verify_view_print_browsers(cli, v);
}
