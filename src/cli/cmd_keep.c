/* padlock undo, audit, trust, backup, restore. */
#include "cli/cli.h"
#include "cli/commands.h"

const struct command keep_commands[] = {
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
