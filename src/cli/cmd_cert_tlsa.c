/* padlock cert tlsa: what the DNS is to say of a certificate. */
#include "cli/cli.h"
#include "cli/cmd_cert.h"
#include "codec/json.h"
#include "ops/tlsa.h"

#include <stdio.h>

enum { HTTPS_PORT = 443 };

const struct option cert_tlsa_options[] = {
    {"host", OPTION_TEXT, "NAME",
     "the name that clients connect to (default: each of the certificate's)"},
    {"port", OPTION_NUMBER, "N", "the port that they connect to (default 443)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

static json_t *record_document(const struct tlsa_record *record) {
    return json_pack("{s:s, s:i, s:i, s:i, s:s}", "name", record->name, "usage", (int)record->usage,
                     "selector", (int)DANE_SPKI, "matching", (int)DANE_SHA256, "data",
                     record->digits);
}

bool cert_run_tlsa(struct cli *cli, struct err *e) {
    PL_AUTO(tlsa_records_clear) struct tlsa_records records = {0};
    uint64_t port = args_number(cli->args, "port", HTTPS_PORT);
    if (port == 0 || port > UINT16_MAX) {
        return err_set(e, ERR_CLI_OPTION_VALUE, "--port is a number from 1 to %d", UINT16_MAX);
    }
    if (!ops_tlsa(cli->ops, args_at(cli->args, 0), args_text(cli->args, "host"), (uint16_t)port,
                  &records, e)) {
        return false;
    }
    json_t *array = json_array();
    for (size_t i = 0; i < records.count; i++) {
        const struct tlsa_record *record = &records.items[i];
        out_line(&cli->out, "%s. IN TLSA %d %d %d %s", record->name, (int)record->usage,
                 (int)DANE_SPKI, (int)DANE_SHA256, record->digits);
        (void)json_array_append_new(array, record_document(record));
    }
    return out_json(&cli->out, json_pack("{s:o}", "records", array), e);
}
