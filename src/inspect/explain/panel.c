/* The panels: their order, their questions, and which fault is told in which. */
#include "inspect/explain/panel.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "inspect/explain/panel_parts.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    const char *question;
    bool (*make)(const struct panel_input *in, struct panel *panel, struct err *e);
} kinds[PANEL_COUNT + 1] = {
    [PANEL_CHAIN] = {"chain", "Does somebody vouch for it whom this client trusts?", panel_chain},
    [PANEL_SIGNATURES] = {"signatures", "Was each certificate signed with the key of the next one?",
                          panel_signatures},
    [PANEL_DATES] = {"dates", "Is every certificate of the chain valid at this moment?",
                     panel_dates},
    [PANEL_NAME] = {"name", "Is it a certificate for the name in the address bar?", panel_names},
    [PANEL_CONSTRAINTS] = {"constraints",
                           "May each issuer issue, and may it issue certificates for this name?",
                           panel_constraints},
    [PANEL_USAGES] = {"usages", "Is the key meant to identify a server?", panel_usages},
    [PANEL_POLICIES] = {"policies", "How did the issuer check who asked for it?", panel_policies},
    [PANEL_STRENGTH] = {"strength", "Could somebody compute the keys or forge the signatures?",
                        panel_strength},
    [PANEL_TRANSPARENCY] = {"transparency",
                            "Is it in the public logs, where a forged one would be seen?",
                            panel_transparency},
    [PANEL_REVOCATION] = {"revocation", "Has the issuer taken it back?", panel_revocation},
    [PANEL_DANE] = {"dane", "Does the domain's owner say in the DNS that it is this one?", NULL},
};

const char *panel_name(enum panel_id id) {
    return kinds[id].name;
}

const char *panel_question(enum panel_id id) {
    return kinds[id].question;
}

const char *panel_mark_text(enum panel_mark mark) {
    static const char *const texts[] = {[PANEL_FACT] = "fact",
                                        [PANEL_GOOD] = "pass",
                                        [PANEL_BAD] = "fail",
                                        [PANEL_OPEN] = "unknown"};
    return texts[mark];
}

/* --- which fault is told where; of several the first in this order --- */

static const struct {
    enum err_code code;
    enum panel_id panel;
} homes[] = {
    {ERR_VERIFY_SELF_SIGNED, PANEL_CHAIN},
    {ERR_VERIFY_UNTRUSTED, PANEL_CHAIN},
    {ERR_VERIFY_INCOMPLETE_CHAIN, PANEL_CHAIN},
    {ERR_VERIFY_CRITICAL_EXTENSION, PANEL_CHAIN},
    {ERR_VERIFY_MALFORMED, PANEL_CHAIN},
    {ERR_VERIFY_BAD_SIGNATURE, PANEL_SIGNATURES},
    {ERR_VERIFY_EXPIRED, PANEL_DATES},
    {ERR_VERIFY_NOT_YET_VALID, PANEL_DATES},
    {ERR_VERIFY_ISSUER_EXPIRED, PANEL_DATES},
    {ERR_VERIFY_ISSUER_NOT_YET_VALID, PANEL_DATES},
    {ERR_VERIFY_NO_NAMES, PANEL_NAME},
    {ERR_VERIFY_NAME_MISMATCH, PANEL_NAME},
    {ERR_VERIFY_NOT_A_CA, PANEL_CONSTRAINTS},
    {ERR_VERIFY_PATH_LENGTH, PANEL_CONSTRAINTS},
    {ERR_VERIFY_NAME_CONSTRAINTS, PANEL_CONSTRAINTS},
    {ERR_VERIFY_CA_AS_LEAF, PANEL_CONSTRAINTS},
    {ERR_VERIFY_WRONG_USAGE, PANEL_USAGES},
    {ERR_VERIFY_POLICY, PANEL_POLICIES},
    {ERR_VERIFY_WEAK_SIGNATURE, PANEL_STRENGTH},
    {ERR_VERIFY_WEAK_KEY, PANEL_STRENGTH},
    {ERR_VERIFY_REVOKED, PANEL_REVOCATION},
};

static const struct verify_check *find_fault(const struct verdict *verdict, enum panel_id id) {
    for (size_t i = 0; i < PL_ARRAY_LEN(homes); i++) {
        const struct verify_check *fault =
            homes[i].panel == id ? verdict_fault(verdict, homes[i].code) : NULL;
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}

/* --- writing --- */

PL_PRINTF(1, 0)
static bool format_line(const char *format, char out[ERR_TEXT_MAX], va_list arguments) {
    char text[2 * ERR_TEXT_MAX]; /* longer, so that the cut falls on a character's end */
    (void)vsnprintf(text, sizeof(text), format, arguments);
    utf8_cut(text, ERR_TEXT_MAX - 1);
    str_one_line(text); /* a name may hold line ends */
    return str_copy(out, ERR_TEXT_MAX, text);
}

bool panel_say(struct panel *panel, enum panel_mark mark, struct err *e, const char *format, ...) {
    char text[ERR_TEXT_MAX];
    va_list arguments;
    if (panel->lines.count >= PANEL_LINES_MAX) {
        return true;
    }
    va_start(arguments, format);
    (void)format_line(format, text, arguments);
    va_end(arguments);
    panel->marks[panel->lines.count] = mark;
    return list_add(&panel->lines, text, e);
}

bool panel_say_more(struct panel *panel, size_t left_out, struct err *e) {
    return left_out == 0 || panel_say(panel, PANEL_FACT, e, "and %zu more", left_out);
}

void panel_head(struct panel *panel, enum verify_outcome outcome, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)format_line(format, panel->head.sentence, arguments);
    va_end(arguments);
    panel->head.outcome = outcome;
}

void panels_clear(struct panels *panels) {
    for (size_t i = 0; i < PANEL_COUNT; i++) {
        list_clear(&panels->items[i].lines);
    }
    *panels = (struct panels){0};
}

/* A fault is the head, whatever the panel said itself. */
static bool make_one(const struct panel_input *in, struct panel *panel, struct err *e) {
    list_init(&panel->lines, PANEL_LINES_MAX);
    if (!kinds[panel->id].make(in, panel, e)) {
        return false;
    }
    const struct verify_check *fault = find_fault(in->verdict, panel->id);
    if (fault != NULL) {
        panel->head = *fault;
    }
    return true;
}

bool panels_make(const struct panel_input *input, struct panels *out_panels, struct err *e) {
    bool ok = true;
    *out_panels = (struct panels){0};
    for (size_t i = 0; ok && i < PANEL_COUNT; i++) {
        out_panels->items[i].id = (enum panel_id)i;
        ok = make_one(input, &out_panels->items[i], e);
    }
    if (!ok) {
        panels_clear(out_panels);
    }
    return ok;
}
