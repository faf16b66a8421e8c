/*
 * One run of the command line: what its options said, where the store is, how it prints.
 */
#ifndef PL_CLI_CLI_H
#define PL_CLI_CLI_H

#include "base/compiler.h"
#include "base/buf.h"
#include "base/secret.h"
#include "cli/args.h"
#include "cli/out.h"
#include "ops/ops.h"
#include "ops/served.h"

struct cli {
    const struct command *command;
    const struct args *args;
    struct out out;
    const char *data_dir; /* where the store is, or would be */
    struct ops *ops; /* NULL for COMMAND_NO_STORE, and for COMMAND_STORE_IF_ANY without a store */
    bool is_dry_run;
    int exit_code; /* what a command that ran wants to exit with (verify: 1 for "no") */
};

/* The whole program: parses, opens, runs, prints the error; returns the exit code. */
int cli_main(int argc, char **argv);

/* Bytes of a file ("-": standard input) up to max. Fails sys.file.*. */
bool cli_read_file(const char *path, size_t max, struct buf *out, struct err *e) PL_MUST_USE;

/*
 * The password for a file that goes out (is_new: asked for twice) or comes in: --password-file
 * FILE's first line, or asked at the terminal. Fails cli.password.missing, cli.password.differ,
 * sys.file.*, tty.*.
 */
bool cli_password(const struct cli *cli, const char *prompt, bool is_new,
                  struct secret *out_password, struct err *e) PL_MUST_USE;

/*
 * Writes a file that was asked for by --out (mode 0600 when is_private, else 0644), refusing to
 * overwrite without --force; "-" or NULL: standard output. Fails sys.file.exists, sys.file.write,
 * cli.output.
 */
bool cli_write_file(const struct cli *cli, const char *path, const void *bytes, size_t len,
                    bool is_private, struct err *e) PL_MUST_USE;

/*
 * Hands out a file that a command is for: to path, with a line about it, else as it is to standard
 * output; with --json in the document, as "pem" or "base64" unless it went to a path. Takes the
 * document in any case. Fails as cli_write_file() does.
 */
bool cli_hand_out(const struct cli *cli, const char *path, const struct buf *file, bool is_private,
                  json_t *document, struct err *e) PL_MUST_USE;

/*
 * After a change of what is served: waits until every server shows it; a dry run and --no-wait do
 * not. Fails ops.served.taken_back, store.*
 */
bool cli_wait_served(const struct cli *cli, enum served_outcome *out_outcome, struct err *e)
    PL_MUST_USE;
/* Says how far it came, adds "served" to the document and prints that. Takes it in any case. */
bool cli_print_served(struct cli *cli, enum served_outcome outcome, json_t *document, struct err *e)
    PL_MUST_USE;

/* Whether cli_write_file() would refuse to overwrite: to be asked before anything is changed. */
bool cli_check_out(const struct cli *cli, const char *path, struct err *e) PL_MUST_USE;

/* Asks "question [y/N]" at a terminal; --yes answers yes; no terminal and no --yes fails
 * cli.confirm. */
bool cli_confirm(const struct cli *cli, const char *question, struct err *e) PL_MUST_USE;

#endif
