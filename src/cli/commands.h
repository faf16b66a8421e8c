/* The tables of all groups, each in the file of that name. */
#ifndef PL_CLI_COMMANDS_H
#define PL_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command setup_commands[];     /* demo, init */
extern const struct command request_commands[];   /* request … */
extern const struct command ca_commands[];        /* ca … */
extern const struct command cert_commands[];      /* cert … */
extern const struct command site_commands[];      /* site …, bind … */
extern const struct command policy_commands[];    /* policy … */
extern const struct command serve_commands[];     /* serve */
extern const struct command look_commands[];      /* inspect */
extern const struct command inventory_commands[]; /* inventory */
extern const struct command scan_commands[];      /* scan */
extern const struct command trace_commands[];     /* trace */
extern const struct command verify_commands[];    /* verify */
extern const struct command lab_commands[];       /* lab … */
extern const struct command keep_commands[];      /* undo, audit, trust, backup, restore */

#endif
