/* Prometheus' text format. */
#include "role/metrics_page.h"

#include "base/clock.h"
#include "base/str.h"

#include <inttypes.h>

/* What is said once before a family's first row. */
static bool write_head(const char *family, bool is_counter, const char *help, struct buf *out,
                       struct err *e) {
    return buf_printf(out, e, "# HELP %s %s\n# TYPE %s %s\n", family, help, family,
                      is_counter ? "counter" : "gauge");
}

static bool write_row(const char *family, const char *labels, uint64_t value, struct buf *out,
                      struct err *e) {
    bool has_labels = labels[0] != '\0';
    return buf_printf(out, e, "%s%s%s%s %" PRIu64 "\n", family, has_labels ? "{" : "", labels,
                      has_labels ? "}" : "", value);
}

static bool write_figures(const struct metrics_facts *facts, struct buf *out, struct err *e) {
    const char *family = "";
    for (unsigned i = 0; i < NET_FIGURE_COUNT; i++) {
        const struct net_figure_row *row = net_figure_row((enum net_figure)i);
        if (!str_equal(row->family, family) &&
            !write_head(row->family, row->is_counter, row->help, out, e)) {
            return false;
        }
        family = row->family;
        if (!write_row(family, row->labels, facts->figures[i], out, e)) {
            return false;
        }
    }
    return true;
}

static bool write_role(const char *family, const char *role, uint64_t value, struct buf *out,
                       struct err *e) {
    return buf_printf(out, e, "%s{role=\"%s\"} %" PRIu64 "\n", family, role, value);
}

static bool write_roles(const struct metrics_facts *facts, struct buf *out, struct err *e) {
    bool ok =
        write_head("padlock_processes", false, "Processes that are at work, by role.", out, e);
    for (size_t i = 0; ok && i < facts->role_count; i++) {
        ok = write_role("padlock_processes", facts->roles[i].name, facts->roles[i].running, out, e);
    }
    ok = ok && write_head("padlock_process_restarts_total", true,
                          "Processes that ended without being told to and were started again, by "
                          "role.",
                          out, e);
    for (size_t i = 0; ok && i < facts->role_count; i++) {
        ok = write_role("padlock_process_restarts_total", facts->roles[i].name,
                        facts->roles[i].restarts, out, e);
    }
    return ok;
}

static bool write_world(const struct metrics_facts *facts, struct buf *out, struct err *e) {
    const struct {
        const char *family;
        const char *help;
        uint64_t value;
        bool is_known;
    } rows[] = {
        {"padlock_bindings", "Bindings that are served.", facts->bindings, true},
        {"padlock_store_seq", "The number of the newest change of the store that was read.",
         (uint64_t)facts->store_seq, true},
        {"padlock_applied_seq", "The number of the change up to which the store is served.",
         (uint64_t)facts->applied_seq, true},
        {"padlock_first_expiry_timestamp_seconds",
         "When the first of the bound certificates expires, in Unix time.",
         (uint64_t)(facts->first_expiry_ms / CLOCK_SECOND_MS), facts->first_expiry_ms != 0},
    };
    bool ok = true;
    for (size_t i = 0; ok && facts->has_world && i < PL_ARRAY_LEN(rows); i++) {
        ok = !rows[i].is_known || (write_head(rows[i].family, false, rows[i].help, out, e) &&
                                   write_row(rows[i].family, "", rows[i].value, out, e));
    }
    return ok;
}

bool metrics_page_write(const struct metrics_facts *facts, struct buf *out, struct err *e) {
    return write_figures(facts, out, e) && write_roles(facts, out, e) && write_world(facts, out, e);
}

static const struct metrics_role *find_role(const struct metrics_facts *facts, const char *name) {
    for (size_t i = 0; i < facts->role_count; i++) {
        if (str_equal(facts->roles[i].name, name)) {
            return &facts->roles[i];
        }
    }
    return NULL;
}

bool metrics_is_healthy(const struct metrics_facts *facts, const char **out_why) {
    const struct metrics_role *net = find_role(facts, "net");
    if (facts->is_stopping) {
        *out_why = "the server is stopping";
        return false;
    }
    if (net == NULL || net->running == 0) {
        *out_why = "no process serves";
        return false;
    }
    *out_why =
        net->running < net->wanted ? "serving, with fewer processes than it should" : "serving";
    return true;
}
