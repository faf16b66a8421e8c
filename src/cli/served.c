/* After a change of what is served: has it arrived? */
#include "cli/cli.h"

static const char *sentence_of(enum served_outcome outcome) {
    switch (outcome) {
    case SERVED_BY_NOBODY:
        return "stored; nothing serves it: \"padlock serve\" does";
    case SERVED_PROVEN:
        return "served, and seen by connecting to it";
    case SERVED_UNPROVEN:
        return "stored; the server has not shown it yet";
    case SERVED_TAKEN_BACK:
    case SERVED_UNASKED:
        break;
    }
    return "";
}

bool cli_wait_served(const struct cli *cli, enum served_outcome *out_outcome, struct err *e) {
    *out_outcome = SERVED_UNASKED;
    if (cli->is_dry_run || args_flag(cli->args, "no-wait")) {
        return true;
    }
    if (!ops_served_wait(cli->ops, SERVED_TIMEOUT_MS, out_outcome, e)) {
        return false;
    }
    if (*out_outcome != SERVED_TAKEN_BACK) {
        return true;
    }
    (void)err_set(e, ERR_OPS_SERVED_TAKEN_BACK,
                  "no connection to the listener showed it, so it was taken back");
    return err_hint(e, "the server's log says what was seen; is the address this machine's, and "
                       "its port free?");
}

bool cli_print_served(struct cli *cli, enum served_outcome outcome, json_t *document,
                      struct err *e) {
    if (outcome == SERVED_UNASKED) {
        return out_json(&cli->out, document, e);
    }
    out_line(&cli->out, "%s", sentence_of(outcome));
    if (document != NULL) {
        (void)json_object_set_new(document, "served", json_string(served_outcome_name(outcome)));
    }
    return out_json(&cli->out, document, e);
}
