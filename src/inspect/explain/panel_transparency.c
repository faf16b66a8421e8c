/* The panel about public logs: who promised that the certificate is in them. */
#include "inspect/explain/panel_parts.h"

#include "base/clock.h"
#include "base/hex.h"

static enum panel_mark mark_of(enum ct_worth worth) {
    switch (worth) {
    case CT_COUNTS:
        return PANEL_GOOD;
    case CT_UNCHECKED:
    case CT_NO_ISSUER:
        return PANEL_FACT;
    case CT_UNKNOWN_LOG:
    case CT_NOT_COUNTED:
    case CT_TOO_LATE:
        return PANEL_OPEN;
    case CT_BAD_SIGNATURE:
    case CT_FROM_FUTURE:
        return PANEL_BAD;
    }
    return PANEL_FACT;
}

/* Logs of a year take certificates that expire in it; a promise outside is worth as much. */
static bool is_in_interval(const struct cert *leaf, const struct ct_log *log) {
    return log->until_ms == 0 ||
           (leaf->not_after_ms >= log->from_ms && leaf->not_after_ms < log->until_ms);
}

static bool say_one(const struct panel_input *in, const struct ct_timestamp *one,
                    struct panel *panel, struct err *e) {
    char day[11];
    char id[2 * 4 + 1];
    clock_format_day(one->sct.at_ms, day);
    hex_encode(one->sct.log_id, 4, id);
    if (one->log == NULL) {
        return panel_say(panel, mark_of(one->worth), e, "%s, %s: log %s…: %s",
                         ct_way_text(one->way), day, id, ct_worth_text(one->worth));
    }
    return panel_say(panel, mark_of(one->worth), e, "%s, %s: %.120s (%.80s): %s%s",
                     ct_way_text(one->way), day, one->log->name,
                     ct_log_operator_at(one->log, one->sct.at_ms), ct_worth_text(one->worth),
                     is_in_interval(in->input->leaf, one->log)
                         ? ""
                         : "; it is for certificates that expire at other times");
}

static bool say_all(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct ct_result *ct = in->timestamps;
    int64_t age_ms = in->input->at_ms - in->logs_made_ms;
    for (size_t i = 0; i < ct->count; i++) {
        if (!say_one(in, &ct->items[i], panel, e)) {
            return false;
        }
    }
    if (in->is_public && ct->is_enough && !ct->has_rfc6962 &&
        !panel_say(panel, PANEL_OPEN, e,
                   "Safari also wants a log that is read by RFC 6962, and refuses these")) {
        return false;
    }
    if (in->logs_made_ms != 0 && age_ms > CT_LIST_LIFE_DAYS * CLOCK_DAY_MS) {
        char day[11];
        clock_format_day(in->logs_made_ms, day);
        return panel_say(panel, PANEL_OPEN, e,
                         "the list of logs is of %s: newer logs are not in it, and Chrome stops "
                         "asking when its own is %d days old",
                         day, CT_LIST_LIFE_DAYS);
    }
    return true;
}

/* What a publicly trusted certificate is told. */
static void head_public(const struct ct_result *ct, struct panel *panel) {
    size_t wanted = ct->way == CT_IN_CERTIFICATE ? ct->wanted_logs : 2;
    if (ct->is_enough && ct->is_checked) {
        panel_head(panel, VERIFY_PASS,
                   "promised by %zu logs of %zu operators (%zu of %d are wanted)", ct->logs,
                   ct->operators, wanted, CT_WANTED_OPERATORS);
    } else if (ct->is_enough) {
        panel_head(panel, VERIFY_PASS,
                   "promised by %zu logs (%zu are wanted); their signatures are not checked "
                   "without a list of logs",
                   ct->logs, wanted);
    } else if (ct->logs >= wanted && ct->operators < CT_WANTED_OPERATORS) {
        panel_head(panel, VERIFY_UNKNOWN,
                   "promised by logs of one operator where Chrome and Safari want %d: they will "
                   "refuse it",
                   CT_WANTED_OPERATORS);
    } else if (ct->logs >= wanted) {
        panel_head(panel, VERIFY_UNKNOWN,
                   "all logs that promised it have retired: Chrome and Safari will refuse it");
    } else {
        panel_head(panel, VERIFY_UNKNOWN,
                   "promised by %zu logs where Chrome and Safari want %zu: they will refuse it",
                   ct->logs, wanted);
    }
}

bool panel_transparency(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct ct_result *ct = in->timestamps;
    if (!say_all(in, panel, e)) {
        return false;
    }
    if (in->is_timestamps_broken) {
        panel_head(panel, VERIFY_UNKNOWN, "its list of timestamps cannot be read");
    } else if (in->is_public) {
        head_public(ct, panel);
    } else {
        panel_head(panel, VERIFY_PASS,
                   "%zu timestamps: browsers want them from publicly trusted authorities only",
                   ct->count);
    }
    return true;
}
