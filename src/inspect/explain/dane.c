/* The panel about DANE. */
#include "inspect/explain/dane.h"

#include "base/hex.h"
#include "base/str.h"
#include "inspect/explain/panel_parts.h"

#include <stdio.h>

enum { DIGITS_SHOWN = 16 };

struct counts {
    size_t fitting;
    size_t usable;
    uint8_t fitting_usage;
};

static bool add_record(const struct dane_input *in, const struct dane_record *record,
                       struct counts *counts, struct panel *panel, struct err *e) {
    static const char *const whats[] = {"certificate", "key"};
    char digits[2 * DIGITS_SHOWN + 1];
    struct dane_word word;
    if (!dane_check(record, in->input, in->verdict, &word, e)) {
        return false;
    }
    hex_encode(record->data, record->len < DIGITS_SHOWN ? record->len : DIGITS_SHOWN, digits);
    counts->usable += word.fit == DANE_UNUSABLE ? 0 : 1;
    if (word.fit == DANE_FITS && counts->fitting++ == 0) {
        counts->fitting_usage = record->usage;
    }
    enum panel_mark mark = word.fit == DANE_FITS ? PANEL_GOOD : PANEL_OPEN;
    return panel_say(panel, in->is_proven ? mark : PANEL_FACT, e, "%u %u %u %s%s (%s, %s): %s",
                     record->usage, record->selector, record->matching, digits,
                     record->len > DIGITS_SHOWN ? "…" : "", dane_usage_name(record->usage),
                     record->selector < PL_ARRAY_LEN(whats) ? whats[record->selector] : "unknown",
                     word.sentence);
}

static void set_code(struct panel *panel, enum err_code code, const char *hint) {
    panel->head.code = code;
    (void)str_copy(panel->head.hint, sizeof(panel->head.hint), hint);
}

/* Of records that DNSSEC proves. */
static void judge(const struct dane_input *in, const struct counts *counts, struct panel *panel) {
    if (counts->fitting > 0) {
        panel_head(panel, VERIFY_PASS,
                   "a record (%s) fits what the server presents, and DNSSEC "
                   "proves it",
                   dane_usage_name(counts->fitting_usage));
    } else if (counts->usable == 0) {
        panel_head(panel, VERIFY_UNKNOWN, "no record at %s can be used", in->name);
    } else {
        panel_head(panel, VERIFY_FAIL,
                   "no record at %s fits what the server presents: clients that follow DANE "
                   "refuse it",
                   in->name);
        set_code(panel, ERR_VERIFY_DANE_MISMATCH,
                 "\"padlock cert tlsa\" prints the records of a certificate; publish the next "
                 "one's before it is bound");
    }
}

bool panel_dane(const struct dane_input *in, struct panel *out_panel, struct err *e) {
    struct counts counts = {0};
    out_panel->id = PANEL_DANE;
    list_init(&out_panel->lines, PANEL_LINES_MAX);
    if (in->is_forged) {
        panel_head(out_panel, VERIFY_FAIL, "the DNS's answer for %s is not its owner's: %s",
                   in->name, in->reason[0] == '\0' ? "DNSSEC refuses it" : in->reason);
        set_code(out_panel, ERR_VERIFY_DANE_FORGED,
                 "clients that follow DANE do not connect; see the zone's signatures and its DS "
                 "record");
        return true;
    }
    if (in->record_count == 0) {
        panel_head(out_panel, VERIFY_UNKNOWN, "there are no records at %s%s", in->name,
                   in->is_proven ? ", and DNSSEC proves that" : "");
        return true;
    }
    if (in->alias_of[0] != '\0' &&
        !panel_say(out_panel, PANEL_FACT, e,
                   "%s is an alias of %s, which DNSSEC proves: that name's records count", in->host,
                   in->alias_of)) {
        return false;
    }
    for (size_t i = 0; i < in->record_count; i++) {
        if (!add_record(in, &in->records[i], &counts, out_panel, e)) {
            return false;
        }
    }
    if (in->is_proven) {
        judge(in, &counts, out_panel);
    } else {
        panel_head(out_panel, VERIFY_UNKNOWN,
                   "%zu record%s at %s, but DNSSEC does not prove them: nobody may rely on them",
                   in->record_count, in->record_count == 1 ? "" : "s", in->name);
    }
    return true;
}
