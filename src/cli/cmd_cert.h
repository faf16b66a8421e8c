/* padlock cert tlsa, cert renew. Private to cli/. */
#ifndef PL_CLI_CMD_CERT_H
#define PL_CLI_CMD_CERT_H

#include "cli/command.h"

extern const struct option cert_tlsa_options[];
bool cert_run_tlsa(struct cli *cli, struct err *e);

extern const struct option cert_renew_options[];
bool cert_run_renew(struct cli *cli, struct err *e);

#endif
