/* padlock request …: keys and CSRs. The wizard is in cli/wizard.c. */
#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/view.h"
#include "cli/wizard.h"
#include "ops/request.h"
#include "pki/openssl.h"
#include "sys/tty.h"

#include <openssl/obj_mac.h>
#include <openssl/pem.h>

#include <string.h>

enum { WARNINGS_MAX = 64 };

/* "-----BEGIN CERTIFICATE REQUEST-----" around the DER. */
static bool csr_to_pem(const struct bytes *der, struct buf *out, struct err *e) {
    PL_AUTO(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (bio == NULL ||
        PEM_write_bio(bio, PEM_STRING_X509_REQ, "", der->data, (long)der->len) <= 0) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot write the CSR as PEM");
    }
    long len = BIO_get_mem_data(bio, &text);
    return buf_append(out, text, (size_t)len, e);
}

static bool add_field(struct cli *cli, struct dn *dn, const char *option, int nid, struct err *e) {
    const char *value = args_text(cli->args, option);
    return value == NULL || dn_add(dn, nid, value, e);
}

/* The options, as the fields of a request. The first name is the common name. */
static bool names_from_options(struct cli *cli, struct request_names *names, struct err *e) {
    struct dn *dn = &names->subject;
    const struct list *typed = args_all(cli->args);
    for (size_t i = 0; i < typed->count; i++) {
        if (!san_list_add_typed(&names->sans, typed->items[i], e)) {
            return err_wrap(e, "the name \"%.200s\" cannot be used", typed->items[i]);
        }
    }
    return add_field(cli, dn, "country", NID_countryName, e) &&
           add_field(cli, dn, "state", NID_stateOrProvinceName, e) &&
           add_field(cli, dn, "city", NID_localityName, e) &&
           add_field(cli, dn, "org", NID_organizationName, e) &&
           add_field(cli, dn, "unit", NID_organizationalUnitName, e) &&
           add_field(cli, dn, "email", NID_pkcs9_emailAddress, e) &&
           dn_add(dn, NID_commonName, request_common_name(names->sans.items[0].text), e);
}

static bool print_new(struct cli *cli, const struct request_row *row, const struct list *warnings,
                      const char *path, struct err *e) {
    char id[ID_SHORT_LEN + 1];
    id_format_short(&row->id, id);
    out_notices(&cli->out, warnings);
    if (cli->is_dry_run) {
        out_line(&cli->out, "a request, with a key that is sealed as it is made");
    } else {
        out_line(&cli->out, "request %s: key made and sealed, CSR signed", id);
    }
    out_field(&cli->out, "subject", "%s", row->subject);
    for (size_t i = 0; i < row->names.count; i++) {
        out_field(&cli->out, i == 0 ? "names" : "", "%s", row->names.items[i]);
    }
    out_field(&cli->out, "key", "%s", row->key_spec);
    if (path != NULL) {
        out_field(&cli->out, "CSR", "%s", path);
    }
    json_t *document = view_request(row);
    if (document != NULL) {
        (void)json_object_set_new(document, "notices", view_list(warnings));
        if (path != NULL) {
            (void)json_object_set_new(document, "file", json_string(path));
        } else if (!cli->is_dry_run) {
            PL_AUTO(buf_clear) struct buf pem = {.max = 4 * CSR_DER_MAX};
            if (csr_to_pem(&row->csr, &pem, NULL)) {
                (void)json_object_set_new(document, "pem", json_string(buf_string(&pem)));
            }
        }
    }
    return out_json(&cli->out, document, e);
}

static bool write_csr(struct cli *cli, const struct request_row *row, const char *path,
                      struct err *e) {
    PL_AUTO(buf_clear) struct buf pem = {.max = 4 * CSR_DER_MAX};
    return csr_to_pem(&row->csr, &pem, e) && cli_write_file(cli, path, pem.data, pem.len, false, e);
}

static bool run_new(struct cli *cli, struct err *e) {
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(list_clear) struct list warnings;
    PL_AUTO(request_row_freep) struct request_row *row = NULL;
    PL_AUTO(wizard_clear) struct wizard wizard = {0};
    list_init(&warnings, WARNINGS_MAX);
    const char *spec = args_text(cli->args, "key");
    const char *exportable = args_text(cli->args, "exportable");
    const char *path = args_text(cli->args, "out");
    struct request_wish wish = {.names = &names,
                                .is_exportable = exportable == NULL || str_equal(exportable, "yes"),
                                .friendly_name = args_text(cli->args, "friendly-name")};
    if (!key_spec_parse(spec == NULL ? "ec:p256" : spec, &wish.key, e)) {
        return false;
    }
    if (args_count(cli->args) == 0) {
        if (!wizard_run(cli, &wizard, &names, &wish.key, e)) {
            return false;
        }
        path = path == NULL && wizard.file[0] != '\0' ? wizard.file : path;
    } else if (!names_from_options(cli, &names, e)) {
        return false;
    }
    return cli_check_out(cli, path, e) && ops_request_new(cli->ops, &wish, &warnings, &row, e) &&
           (path == NULL || write_csr(cli, row, path, e)) &&
           print_new(cli, row, &warnings, path, e) &&
           (path != NULL || cli->out.is_json || write_csr(cli, row, NULL, e));
}

static bool run_list(struct cli *cli, struct err *e) {
    static const char *const headers[] = {"ID", "STATE", "NAMES", "KEY", "FRIENDLY NAME", "MADE"};
    int choice = args_choice(cli->args, "state");
    enum request_state state = (enum request_state)(choice < 0 ? 0 : choice);
    const struct request_filter filter = {.state = choice < 0 ? NULL : &state};
    const struct page page = {.limit = (size_t)args_number(cli->args, "limit", STORE_PAGE_DEFAULT),
                              .is_descending = true,
                              .after = args_text(cli->args, "after")};
    PL_AUTO(request_rows_clear) struct request_rows rows = {0};
    if (!store_request_list(ops_store(cli->ops), &filter, &page, &rows, e)) {
        return false;
    }
    struct out_table table;
    json_t *items = json_array();
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    for (size_t i = 0; i < rows.count; i++) {
        const struct request_row *row = rows.items[i];
        char id[ID_SHORT_LEN + 1];
        char names[300];
        char day[11];
        id_format_short(&row->id, id);
        view_names(&row->names, names);
        clock_format_day(row->created_ms, day);
        const char *cells[] = {
            id, request_state_text(row->state), names, row->key_spec, row->friendly_name, day};
        if (!out_table_row(&table, row->state == REQUEST_PENDING ? OUT_PLAIN : OUT_DIM, cells, e)) {
            out_table_end(&table, NULL);
            json_decref(items);
            return false;
        }
        (void)json_array_append_new(items, view_request(row));
    }
    out_table_end(&table, "no requests; \"padlock request new\" makes one");
    return out_json(&cli->out, json_pack("{s:o, s:s?}", "requests", items, "next", rows.next), e);
}

static bool run_show(struct cli *cli, struct err *e) {
    PL_AUTO(request_row_freep) struct request_row *row = NULL;
    if (!ops_request_pick(cli->ops, args_at(cli->args, 0), &row, e)) {
        return false;
    }
    char id[ID_TEXT_LEN + 1];
    char made[CLOCK_TEXT_LEN + 1];
    char hash[65];
    id_format(&row->id, id);
    clock_format(row->created_ms, made);
    hex_encode(row->spki_sha256, 32, hash);
    out_line(&cli->out, "request %s", id);
    out_field(&cli->out, "state", "%s", request_state_text(row->state));
    out_field(&cli->out, "friendly name", "%s", row->friendly_name);
    out_field(&cli->out, "subject", "%s", row->subject);
    for (size_t i = 0; i < row->names.count; i++) {
        out_field(&cli->out, i == 0 ? "names" : "", "%s", row->names.items[i]);
    }
    out_field(&cli->out, "key", "%s", row->key_spec);
    out_field(&cli->out, "public key", "SHA-256 %s", hash);
    out_field(&cli->out, "made", "%s", made);
    return out_json(&cli->out, view_request(row), e);
}

static bool run_csr(struct cli *cli, struct err *e) {
    PL_AUTO(request_row_freep) struct request_row *row = NULL;
    PL_AUTO(buf_clear) struct buf pem = {.max = 4 * CSR_DER_MAX};
    if (!ops_request_pick(cli->ops, args_at(cli->args, 0), &row, e) ||
        !csr_to_pem(&row->csr, &pem, e)) {
        return false;
    }
    return cli_hand_out(cli, args_text(cli->args, "out"), &pem, false, view_request(row), e);
}

static bool run_cancel(struct cli *cli, struct err *e) {
    PL_AUTO(request_row_freep) struct request_row *row = NULL;
    if (!ops_request_pick(cli->ops, args_at(cli->args, 0), &row, e) ||
        !ops_request_cancel(cli->ops, row, e)) {
        return false;
    }
    out_line(&cli->out, "cancelled: %s, and its key deleted", row->subject);
    return out_json(&cli->out, view_request(row), e);
}

static const struct option new_options[] = {
    {"org", OPTION_TEXT, "NAME", "organization: the full legal name"},
    {"unit", OPTION_TEXT, "NAME", "organizational unit (public CAs drop it)"},
    {"city", OPTION_TEXT, "NAME", "city or locality"},
    {"state", OPTION_TEXT, "NAME", "state or province, written out"},
    {"country", OPTION_TEXT, "CC", "country, the two letters of ISO 3166"},
    {"email", OPTION_TEXT, "ADDRESS", "e-mail address"},
    {"key", OPTION_TEXT, "KIND",
     "rsa:2048, rsa:3072, rsa:4096, ec:p256 (the default), ec:p384, ec:p521, ed25519"},
    {"exportable", OPTION_CHOICE, "yes|no",
     "whether the key may ever leave, encrypted (default yes)"},
    {"friendly-name", OPTION_TEXT, "NAME", "what lists show"},
    {"out", OPTION_TEXT, "FILE", "where the CSR goes (default: standard output)"},
    {"force", OPTION_FLAG, NULL, "overwrite the file"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option list_options[] = {
    {"state", OPTION_CHOICE, "pending|installed|cancelled", "only those"},
    {"limit", OPTION_NUMBER, "N", "how many (default 100, at most 1000)"},
    {"after", OPTION_TEXT, "PLACE", "the next page: \"next\" of the page before"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option file_options[] = {
    {"out", OPTION_TEXT, "FILE", "where it goes (default: standard output)"},
    {"force", OPTION_FLAG, NULL, "overwrite the file"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command request_commands[] = {
    {"request new", "[NAME…]", 0, COMMAND_ANY_COUNT, COMMAND_CHANGES,
     "make a key and a certificate request (CSR)",
     "The first NAME is the common name; all are subject alternative names. The private key "
     "is sealed as\n"
     "it is made and never leaves but encrypted. Without a NAME, at a terminal, a wizard "
     "asks.\n\n"
     "  padlock request new www.example.com example.com --org \"Example Inc.\" --city "
     "Redmond \\\n"
     "      --state Washington --country US --out www.csr",
     new_options, run_new},
    {"request list", "", 0, 0, 0, "list the requests", NULL, list_options, run_list},
    {"request show", "REQUEST", 1, 1, 0, "show one request (an id, friendly name or host name)",
     NULL, NULL, run_show},
    {"request csr", "REQUEST", 1, 1, 0,
     "print a request's CSR "
     "again",
     NULL, file_options, run_csr},
    {"request cancel", "REQUEST", 1, 1, COMMAND_CHANGES,
     "give up a pending request and delete its key", NULL, NULL, run_cancel},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
