/* padlock ca fetch and ca root. Private to cli/. */
#ifndef PL_CLI_CMD_CA_H
#define PL_CLI_CMD_CA_H

#include "cli/command.h"

extern const struct option ca_fetch_options[];
extern const struct option ca_root_options[];
bool ca_run_fetch(struct cli *cli, struct err *e);
bool ca_run_root(struct cli *cli, struct err *e);

/* In cli/cmd_ca_revoke.c. */
extern const struct option ca_revoke_options[];
extern const struct option ca_crl_options[];
bool ca_run_revoke(struct cli *cli, struct err *e);
bool ca_run_crl(struct cli *cli, struct err *e);

#endif
