/*
 * One command of the command line: what it is called, what it takes, what runs it. The same tables
 * parse the arguments, print the help, and feed "padlock help --json".
 */
#ifndef PL_CLI_COMMAND_H
#define PL_CLI_COMMAND_H

#include "base/compiler.h"
#include "base/err.h"

struct cli;

enum option_kind {
    OPTION_FLAG,     /* --with-key */
    OPTION_TEXT,     /* --name TEXT */
    OPTION_MANY,     /* the same, may be given more than once */
    OPTION_NUMBER,   /* --limit 100 */
    OPTION_DURATION, /* --expiring 30d */
    OPTION_DATE,     /* --at 2026-11-23 */
    OPTION_CHOICE,   /* --format pfx|pem: value holds the choices */
};

struct option {
    const char *name; /* without the dashes; NULL ends a table */
    enum option_kind kind;
    const char *value; /* for the help: "FILE"; for OPTION_CHOICE "pem|der|p7b" */
    const char *help;  /* one sentence, lower case, no full stop */
};

enum command_flags {
    COMMAND_CHANGES = 1,      /* changes the store: takes --dry-run */
    COMMAND_NO_STORE = 2,     /* runs without an initialised store */
    COMMAND_STORE_IF_ANY = 4, /* uses the store when there is one */
};

enum { COMMAND_ANY_COUNT = 1000 };

struct command {
    const char *path;      /* "cert install"; NULL ends a table */
    const char *arguments; /* for the help: "FILE", "NAME…"; "" when there are none */
    unsigned argument_min;
    unsigned argument_max;        /* COMMAND_ANY_COUNT: any number */
    unsigned flags;               /* enum command_flags */
    const char *summary;          /* one line for lists, lower case, no full stop */
    const char *details;          /* paragraphs for its own help; examples last; may be NULL */
    const struct option *options; /* may be NULL */
    bool (*run)(struct cli *cli, struct err *e);
};

/* Options of every command. */
extern const struct option cli_common_options[];

/* All commands, group by group, in the order of the help. Walk with index from 0; NULL at the end.
 */
const struct command *command_at(size_t index);

/*
 * Finds the command that the words begin with ("cert", "install", …) and how many words its path
 * has. Fails cli.command.unknown (hint: the nearest), cli.command.missing.
 */
bool command_find(const char *const *words, size_t word_count, const struct command **out_command,
                  size_t *out_path_len, struct err *e) PL_MUST_USE;

#endif
