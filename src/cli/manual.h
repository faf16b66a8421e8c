/* The manual page padlock(1), made of the same tables as the help, the exit codes and the errors.
 */
#ifndef PL_CLI_MANUAL_H
#define PL_CLI_MANUAL_H

#include "base/err.h"

/* Prints it on standard output, in mdoc(7). Fails base.oom, base.limit, cli.output. */
bool manual_print(struct err *e) PL_MUST_USE;

#endif
