/*
 * The wizard of "padlock request new": the article's six fields, the alternative names, the key,
 * the file; each answer is checked as it is typed and asked again when it will not do.
 */
#ifndef PL_CLI_WIZARD_H
#define PL_CLI_WIZARD_H

#include "cli/cli.h"
#include "pki/request.h"

enum { WIZARD_FILE_MAX = 1024 };

struct wizard {
    char file[WIZARD_FILE_MAX]; /* where the CSR goes; "": standard output */
};
void wizard_clear(struct wizard *wizard);

/*
 * Asks at the terminal and fills names and key. Fails cli.argument.missing (no terminal), tty.end
 * (given up), cli.wizard.refused (the summary was not confirmed).
 */
bool wizard_run(struct cli *cli, struct wizard *out_wizard, struct request_names *out_names,
                struct key_spec *out_key, struct err *e) PL_MUST_USE;

#endif
