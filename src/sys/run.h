/*
 * Other programs (certutil, keytool, update-ca-certificates): started without a shell, with a small
 * environment, bounded in time and output.
 */
#ifndef PL_SYS_RUN_H
#define PL_SYS_RUN_H

#include "base/buf.h"

#include <sys/types.h>

enum { RUN_OUTPUT_MAX = 256 * 1024 };

/* True when the program is in /usr/sbin, /usr/bin, /sbin or /bin. */
bool run_is_installed(const char *program);

/*
 * Runs a program and waits for its end.
 *
 * arguments      NULL-terminated; [0] is the program, looked up in the folders above, never in PATH
 * timeout_ms     then it is killed
 * out_output     standard output and error together, at most its maximum (the rest is dropped); may
 * be NULL out_exit_code  0…255 Fails          sys.run.missing, sys.run.failed (could not be
 * started, killed by a signal), sys.run.timeout
 */
bool run_program(const char *const *arguments, int64_t timeout_ms, struct buf *out_output,
                 int *out_exit_code, struct err *e) PL_MUST_USE;

#endif
