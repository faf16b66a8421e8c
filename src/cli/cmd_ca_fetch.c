/* padlock ca fetch, ca root: certificates that the CA hands out. */
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/cmd_ca.h"
#include "cli/view.h"
#include "ops/export.h"
#include "ops/issuer.h"
#include "ops/submission.h"

const struct option ca_fetch_options[] = {
    {"format", OPTION_CHOICE, "pem|der|p7b|pfx|chain",
     "the form (default pem); pfx only where the key is in this store"},
    {"for", OPTION_CHOICE, "windows-2008|windows-2016|windows|java|openssl",
     "who will open the pfx (default windows)"},
    {"password-file", OPTION_TEXT, "FILE", "the pfx's password: the file's first line"},
    {"out", OPTION_TEXT, "FILE", "where it goes (default: standard output)"},
    {"force", OPTION_FLAG, NULL, "overwrite the file"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
const struct option ca_root_options[] = {
    {"format", OPTION_CHOICE, "pem|der", "the form (default pem)"},
    {"out", OPTION_TEXT, "FILE", "where it goes (default: standard output)"},
    {"force", OPTION_FLAG, NULL, "overwrite the file"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

bool ca_run_fetch(struct cli *cli, struct err *e) {
    static const enum export_format formats[] = {EXPORT_PEM, EXPORT_DER, EXPORT_P7B, EXPORT_PFX,
                                                 EXPORT_CHAIN};
    static const enum pfx_reader readers[] = {PFX_FOR_WINDOWS_2008, PFX_FOR_WINDOWS_2016,
                                              PFX_FOR_WINDOWS, PFX_FOR_JAVA, PFX_FOR_OPENSSL};
    int format = args_choice(cli->args, "format");
    int reader = args_choice(cli->args, "for");
    PL_AUTO(issued_row_freep) struct issued_row *row = NULL;
    PL_AUTO(secret_clear) struct secret password = {0};
    PL_AUTO(buf_cleanse) struct buf out = {.max = EXPORT_MAX};
    struct export_wish wish = {.format = format < 0 ? EXPORT_PEM : formats[format],
                               .reader = reader < 0 ? PFX_FOR_WINDOWS : readers[reader],
                               .password = &password};
    bool is_pfx = wish.format == EXPORT_PFX;
    const char *path = args_text(cli->args, "out");
    if (!cli_check_out(cli, path, e) ||
        !ops_issued_pick(cli->ops, args_at(cli->args, 0), &row, e) ||
        (is_pfx && !cli_password(cli, "password for the pfx: ", true, &password, e)) ||
        !ops_export_issued(cli->ops, row, &wish, &out, e)) {
        return false;
    }
    return cli_hand_out(cli, path, &out, is_pfx, view_issued(row), e);
}

bool ca_run_root(struct cli *cli, struct err *e) {
    PL_AUTO(issuer_clear) struct issuer root = {0};
    PL_AUTO(buf_clear) struct buf out = {.max = EXPORT_MAX};
    if (!ops_root(cli->ops, &root, e)) {
        return false;
    }
    bool ok = args_choice(cli->args, "format") == 1
                  ? buf_append(&out, root.certificate->der, root.certificate->der_len, e)
                  : cert_append_pem(root.certificate, &out, e);
    return ok &&
           cli_hand_out(cli, args_text(cli->args, "out"), &out, false, view_issuer(root.row), e);
}
