/* padlock demo: the whole way from nothing to a verified HTTPS site. */
#ifndef PL_CLI_DEMO_H
#define PL_CLI_DEMO_H

#include "cli/cli.h"

/* Each step says what it did; what is there from an earlier run is used again. */
bool demo_run(struct cli *cli, struct err *e);

#endif
