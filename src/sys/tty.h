/*
 * Asking a person at the terminal.
 */
#ifndef PL_SYS_TTY_H
#define PL_SYS_TTY_H

#include "base/buf.h"
#include "base/secret.h"

enum { TTY_LINE_MAX = 4096 };

/* Standard input and standard error are terminals: there is someone to ask. */
bool tty_is_interactive(void);
/* Standard output is a terminal that shows colours (TERM is not "dumb", NO_COLOR is not set). */
bool tty_has_color(void);
/* Columns of standard output's terminal; 80 when it is none. */
unsigned tty_columns(void);

/*
 * Prints the prompt on standard error and reads one line, without its end. Fails tty.end (end of
 * input), base.limit (TTY_LINE_MAX).
 */
bool tty_read_line(const char *prompt, struct buf *out_line, struct err *e) PL_MUST_USE;

/*
 * The same without echo, from /dev/tty; straight from standard input when that is no terminal.
 * Fails tty.none (no terminal to ask at), tty.end.
 */
bool tty_read_password(const char *prompt, struct secret *out_password, struct err *e) PL_MUST_USE;

#endif
