/* padlock ca …: the certificate authority. Fetching is in cli/cmd_ca_fetch.c. */
#include "cli/cmd_ca.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/view.h"
#include "ops/issuer.h"
#include "ops/submission.h"

#include <string.h>

static json_t *leaf_document(const struct submission_row *row, const struct ca_leaf *leaf) {
    json_t *document = view_submission(row);
    if (document != NULL) {
        (void)json_object_set_new(document, "profile_reason", json_string(leaf->profile_reason));
        (void)json_object_set_new(document, "validation",
                                  json_string(ca_validation_name(leaf->validation)));
    }
    return document;
}

static void print_leaf(const struct cli *cli, const struct submission_row *row,
                       const struct ca_leaf *leaf) {
    char ends[11];
    const char *validation = ca_validation_name(leaf->validation);
    clock_format_day(leaf->validity.not_after_ms, ends);
    out_notices(&cli->out, &leaf->notices);
    out_field(&cli->out, "profile", "%s%s%s (%s)", leaf->profile->name,
              validation[0] == '\0' ? "" : ", ", validation, leaf->profile_reason);
    out_field(&cli->out, "subject", "%s", row->subject);
    for (size_t i = 0; i < row->names.count; i++) {
        out_field(&cli->out, i == 0 ? "names" : "", "%s", row->names.items[i]);
    }
    out_field(&cli->out, "key", "%s", row->key_spec);
    out_field(&cli->out, "valid until", "%s", ends);
    out_field(&cli->out, "good for", "%s", row->is_client_auth ? "servers and clients" : "servers");
}

/* All reasons for refusing but the first, which is the error itself. */
static void print_problems(const struct cli *cli, const struct ca_problems *problems) {
    for (size_t i = 1; i < problems->count; i++) {
        out_notice(&cli->out, "also: %s [%s]", problems->items[i].reason,
                   err_code_text(problems->items[i].code));
    }
}

static bool submit_file(struct cli *cli, struct submission_row **out_row, struct ca_leaf *out_leaf,
                        struct err *e) {
    PL_AUTO(buf_clear) struct buf file = {0};
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    PL_AUTO(ca_problems_clear) struct ca_problems problems = {0};
    const char *path = args_at(cli->args, 0);
    if (!cli_read_file(path, CSR_INPUT_MAX, &file, e)) {
        return false;
    }
    if (!csr_read(file.data, file.len, &csr, e)) {
        return err_wrap(e, "could not read the request \"%.300s\"", path);
    }
    const struct submit_wish wish = {.csr = csr,
                                     .profile = args_text(cli->args, "profile"),
                                     .lifetime_ms = args_duration_ms(cli->args, "lifetime", 0),
                                     .is_client_auth = args_flag(cli->args, "client-auth")};
    if (!ops_submit(cli->ops, &wish, out_row, out_leaf, &problems, e)) {
        out_notices(&cli->out, &csr->notices); /* else they are the leaf's, too */
        print_problems(cli, &problems);
        return err_wrap(e, "the CA refuses \"%.300s\"", path);
    }
    return true;
}

static bool run_submit(struct cli *cli, struct err *e) {
    PL_AUTO(submission_row_freep) struct submission_row *row = NULL;
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    char id[ID_SHORT_LEN + 1];
    if (!submit_file(cli, &row, &leaf, e)) {
        return false;
    }
    id_format_short(&row->id, id);
    if (cli->is_dry_run) {
        out_line(&cli->out, "the CA takes it; it would wait for approval");
        print_leaf(cli, row, &leaf);
    } else {
        out_line(&cli->out, "submission %s waits for approval", id);
        print_leaf(cli, row, &leaf);
        out_line(&cli->out, "next: padlock ca approve %s", id);
    }
    return out_json(&cli->out, leaf_document(row, &leaf), e);
}

static bool approve_row(struct cli *cli, struct submission_row *row, struct err *e) {
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    PL_AUTO(issued_row_freep) struct issued_row *issued = NULL;
    char id[ID_SHORT_LEN + 1];
    char serial[2 * ISSUED_SERIAL_MAX + 1] = "";
    if (!ops_approve(cli->ops, row, &leaf, &issued, e)) {
        return false;
    }
    id_format_short(&row->id, id);
    if (issued == NULL) {
        out_line(&cli->out, "submission %s would be issued", id);
        print_leaf(cli, row, &leaf);
        return out_json(&cli->out, leaf_document(row, &leaf), e);
    }
    hex_encode(issued->serial.data, issued->serial.len, serial);
    out_line(&cli->out, "issued: submission %s, serial %s", id, serial);
    print_leaf(cli, row, &leaf);
    out_line(&cli->out, "next: padlock ca fetch %s --format p7b --out FILE", id);
    return out_json(&cli->out, view_issued(issued), e);
}

static bool run_approve(struct cli *cli, struct err *e) {
    PL_AUTO(submission_row_freep) struct submission_row *row = NULL;
    return ops_submission_pick(cli->ops, args_at(cli->args, 0), &row, e) &&
           approve_row(cli, row, e);
}

static bool run_issue(struct cli *cli, struct err *e) {
    PL_AUTO(submission_row_freep) struct submission_row *row = NULL;
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    if (!submit_file(cli, &row, &leaf, e)) {
        return false;
    }
    if (cli->is_dry_run) {
        out_line(&cli->out, "it would be submitted, approved and issued");
        print_leaf(cli, row, &leaf);
        return out_json(&cli->out, leaf_document(row, &leaf), e);
    }
    return approve_row(cli, row, e);
}

static bool run_deny(struct cli *cli, struct err *e) {
    PL_AUTO(submission_row_freep) struct submission_row *row = NULL;
    const char *reason = args_text(cli->args, "reason");
    if (!ops_submission_pick(cli->ops, args_at(cli->args, 0), &row, e) ||
        !ops_deny(cli->ops, row, reason == NULL ? "" : reason, e)) {
        return false;
    }
    out_line(&cli->out, "denied: %s", row->subject);
    return out_json(&cli->out, view_submission(row), e);
}

static bool queue_row(struct out_table *table, json_t *items, const struct submission_row *row,
                      struct err *e) {
    char id[ID_SHORT_LEN + 1];
    char names[300];
    char when[CLOCK_TEXT_LEN + 1];
    id_format_short(&row->id, id);
    view_names(&row->names, names);
    clock_format(row->created_ms, when);
    const char *cells[] = {
        id,  submission_state_text(row->state), names, row->profile, row->key_spec, row->requester,
        when};
    (void)json_array_append_new(items, view_submission(row));
    return out_table_row(table, row->state == SUBMISSION_PENDING ? OUT_YELLOW : OUT_PLAIN, cells,
                         e);
}

static bool run_queue(struct cli *cli, struct err *e) {
    static const char *const headers[] = {"ID",  "STATE", "NAMES",    "PROFILE",
                                          "KEY", "FROM",  "SUBMITTED"};
    static const enum submission_state pending = SUBMISSION_PENDING;
    const struct submission_filter filter = {.state =
                                                 args_flag(cli->args, "all") ? NULL : &pending};
    const struct page page = {.limit = (size_t)args_number(cli->args, "limit", STORE_PAGE_DEFAULT),
                              .after = args_text(cli->args, "after"),
                              .is_descending = true};
    PL_AUTO(submission_rows_clear) struct submission_rows rows = {0};
    if (!store_submission_list(ops_store(cli->ops), &filter, &page, &rows, e)) {
        return false;
    }
    struct out_table table;
    json_t *items = json_array();
    bool ok = true;
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    for (size_t i = 0; ok && i < rows.count; i++) {
        ok = queue_row(&table, items, rows.items[i], e);
    }
    out_table_end(&table, "nothing waits");
    return out_json(&cli->out, json_pack("{s:o, s:s?}", "submissions", items, "next", rows.next),
                    e) &&
           ok;
}

static bool run_show(struct cli *cli, struct err *e) {
    PL_AUTO(submission_row_freep) struct submission_row *row = NULL;
    char id[ID_TEXT_LEN + 1];
    char when[CLOCK_TEXT_LEN + 1];
    if (!ops_submission_pick(cli->ops, args_at(cli->args, 0), &row, e)) {
        return false;
    }
    id_format(&row->id, id);
    clock_format(row->created_ms, when);
    out_line(&cli->out, "submission %s", id);
    out_field(&cli->out, "state", "%s", submission_state_text(row->state));
    out_field(&cli->out, "profile", "%s", row->profile);
    out_field(&cli->out, "subject", "%s", row->subject);
    for (size_t i = 0; i < row->names.count; i++) {
        out_field(&cli->out, i == 0 ? "names" : "", "%s", row->names.items[i]);
    }
    out_field(&cli->out, "key", "%s", row->key_spec);
    out_field(&cli->out, "from", "%s, %s", row->requester, when);
    for (size_t i = 0; i < row->notices.count; i++) {
        out_field(&cli->out, i == 0 ? "notices" : "", "%s", row->notices.items[i]);
    }
    out_field(&cli->out, "decided by", "%s", row->decided_by);
    out_field(&cli->out, "reason", "%s", row->reason);
    return out_json(&cli->out, view_submission(row), e);
}

static bool issued_row_out(struct out_table *table, json_t *items, const struct issued_row *row,
                           struct err *e) {
    char id[ID_SHORT_LEN + 1];
    char names[300];
    char serial[2 * ISSUED_SERIAL_MAX + 1];
    char ends[11];
    id_format_short(&row->id, id);
    view_names(&row->names, names);
    hex_encode(row->serial.data, row->serial.len, serial);
    clock_format_day(row->not_after_ms, ends);
    const char *cells[] = {id, issued_state_text(row->state), names, row->profile, ends, serial};
    (void)json_array_append_new(items, view_issued(row));
    return out_table_row(table, row->state == ISSUED_SIGNED ? OUT_PLAIN : OUT_YELLOW, cells, e);
}

static bool run_issued(struct cli *cli, struct err *e) {
    static const char *const headers[] = {"ID", "STATE", "NAMES", "PROFILE", "UNTIL", "SERIAL"};
    int choice = args_choice(cli->args, "state");
    enum issued_state state = (enum issued_state)(choice < 0 ? 0 : choice);
    int64_t expiring_ms = args_duration_ms(cli->args, "expiring", 0);
    const struct issued_filter filter = {.state = choice < 0 ? NULL : &state,
                                         .name = args_text(cli->args, "name"),
                                         .domain = args_text(cli->args, "domain"),
                                         .expires_before_ms =
                                             expiring_ms == 0 ? 0 : clock_now_ms() + expiring_ms};
    const struct page page = {.limit = (size_t)args_number(cli->args, "limit", STORE_PAGE_DEFAULT),
                              .after = args_text(cli->args, "after"),
                              .is_descending = expiring_ms == 0};
    PL_AUTO(issued_rows_clear) struct issued_rows rows = {0};
    if (!store_issued_list(ops_store(cli->ops), &filter,
                           expiring_ms == 0 ? ISSUED_SORT_AGE : ISSUED_SORT_EXPIRY, &page, &rows,
                           e)) {
        return false;
    }
    struct out_table table;
    json_t *items = json_array();
    bool ok = true;
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    for (size_t i = 0; ok && i < rows.count; i++) {
        ok = issued_row_out(&table, items, rows.items[i], e);
    }
    out_table_end(&table, "nothing was issued");
    return out_json(&cli->out, json_pack("{s:o, s:s?}", "issued", items, "next", rows.next), e) &&
           ok;
}

static bool run_status(struct cli *cli, struct err *e) {
    PL_AUTO(issuer_clear) struct issuer root = {0};
    PL_AUTO(issuer_clear) struct issuer issuing = {0};
    struct issued_counts counts = {0};
    char root_ends[11];
    char issuing_ends[11];
    if (!ops_root(cli->ops, &root, e) || !ops_issuer_active(cli->ops, &issuing, e) ||
        !store_issued_count(ops_store(cli->ops), &counts, e)) {
        return false;
    }
    clock_format_day(root.row->not_after_ms, root_ends);
    clock_format_day(issuing.row->not_after_ms, issuing_ends);
    out_field(&cli->out, "root", "%s, until %s", root.row->name, root_ends);
    out_field(&cli->out, "issuing", "%s, until %s", issuing.row->name, issuing_ends);
    out_field(&cli->out, "base URL", "%s",
              issuing.row->base_url[0] == '\0' ? "none" : issuing.row->base_url);
    out_field(&cli->out, "issued", "%lld signed, %lld revoked, %lld recorded but not signed",
              (long long)counts.signed_count, (long long)counts.revoked,
              (long long)counts.reserved);
    return out_json(&cli->out,
                    json_pack("{s:o, s:o, s:{s:I, s:I, s:I}}", "root", view_issuer(root.row),
                              "issuing", view_issuer(issuing.row), "issued", "signed",
                              (json_int_t)counts.signed_count, "revoked",
                              (json_int_t)counts.revoked, "reserved", (json_int_t)counts.reserved),
                    e);
}

static const struct option submit_options[] = {
    {"profile", OPTION_CHOICE, "server|internal", "the profile (default: by the names)"},
    {"lifetime", OPTION_DURATION, "DURATION", "how long it shall be valid, at most (30d)"},
    {"client-auth", OPTION_FLAG, NULL, "good for clients too (profile internal)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option queue_options[] = {
    {"all", OPTION_FLAG, NULL, "decided ones too"},
    {"limit", OPTION_NUMBER, "N", "how many (default 100, at most 1000)"},
    {"after", OPTION_TEXT, "PLACE", "the next page: \"next\" of the page before"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option deny_options[] = {
    {"reason", OPTION_TEXT, "TEXT", "why, for the requester"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option issued_options[] = {
    {"state", OPTION_CHOICE, "reserved|signed|revoked", "only those"},
    {"name", OPTION_TEXT, "NAME", "with exactly this name"},
    {"domain", OPTION_TEXT, "NAME", "with this name or one below it"},
    {"expiring", OPTION_DURATION, "DURATION",
     "that end within this time, the first to end "
     "first"},
    {"limit", OPTION_NUMBER, "N", "how many (default 100, at most 1000)"},
    {"after", OPTION_TEXT, "PLACE", "the next page: \"next\" of the page before"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command ca_commands[] = {
    {"ca status", "", 0, 0, 0, "the CA's certificates and how many it issued", NULL, NULL,
     run_status},
    {"ca submit", "FILE", 1, 1, COMMAND_CHANGES, "hand a CSR to the CA",
     "Any CSR: PEM, DER, base64, as openssl, keytool, certreq and others write it; \"-\" "
     "reads standard input.\n"
     "Profile server is the Baseline Requirements' certificate, for names under a public "
     "suffix; internal\n"
     "takes single-label names, private addresses, OU and Ed25519.\n\n  padlock ca submit "
     "www.csr",
     submit_options, run_submit},
    {"ca queue", "", 0, 0, 0, "list what waits for approval", NULL, queue_options, run_queue},
    {"ca show", "SUBMISSION", 1, 1, 0, "show one submission (an id or host name)", NULL, NULL,
     run_show},
    {"ca approve", "SUBMISSION", 1, 1, COMMAND_CHANGES, "approve and issue (cannot be undone)",
     NULL, NULL, run_approve},
    {"ca deny", "SUBMISSION", 1, 1, COMMAND_CHANGES, "deny, with a reason", NULL, deny_options,
     run_deny},
    {"ca issue", "FILE", 1, 1, COMMAND_CHANGES, "submit and approve at once (cannot be undone)",
     NULL, submit_options, run_issue},
    {"ca fetch", "CERTIFICATE", 1, 1, 0,
     "get an issued certificate (a submission, serial "
     "or name)",
     "  padlock ca fetch www.example.com --format p7b --out www.p7b", ca_fetch_options,
     ca_run_fetch},
    {"ca issued", "", 0, 0, 0, "list the issued certificates", NULL, issued_options, run_issued},
    {"ca revoke", "CERTIFICATE", 1, 1, COMMAND_CHANGES,
     "take an issued certificate back before it ends (cannot be undone)",
     "A submission, serial or name. It goes onto the revocation list at once; what serves it goes "
     "on until\nanother certificate is bound.\n\n  padlock ca revoke www.example.com --reason "
     "keyCompromise",
     ca_revoke_options, ca_run_revoke},
    {"ca crl", "", 0, 0, COMMAND_CHANGES, "print the revocation list",
     "A running server signs a new one after each revocation and every three days (the root's: "
     "three months).\n\n  padlock ca crl --format der --out issuing.crl",
     ca_crl_options, ca_run_crl},
    {"ca root", "", 0, 0, 0, "print the root certificate", NULL, ca_root_options, ca_run_root},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
