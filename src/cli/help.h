/* The help, made of the command tables. */
#ifndef PL_CLI_HELP_H
#define PL_CLI_HELP_H

#include "cli/command.h"
#include "cli/out.h"

/* What an exit code means, for the help and the manual; ends with a NULL text. */
struct exit_text {
    int code;
    const char *text;
};
extern const struct exit_text help_exit_texts[];

/* One command's help. Fails base.oom. */
bool help_print_command(const struct out *out, const struct command *command, struct err *e)
    PL_MUST_USE;

/*
 * "padlock", "padlock --help", "padlock --version", "padlock help [COMMAND…]", "padlock help
 * --json" (every command with its options) and "padlock help --manual" (the manual page). all:
 * every word of the command line; topic: the words after "help". Returns the exit code.
 */
int help_main(const struct out *out, const char *const *all, size_t all_count,
              const char *const *topic, size_t topic_count);

#endif
