/* Asking a person at the terminal; echo is off only while a password is typed. */
#include "sys/tty.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool tty_is_interactive(void) {
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool tty_has_color(void) {
    const char *terminal = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    bool is_refused = no_color != NULL && no_color[0] != '\0';
    return isatty(STDOUT_FILENO) == 1 && terminal != NULL && !str_equal(terminal, "dumb") &&
           !is_refused;
}

unsigned tty_columns(void) {
    struct winsize size;
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return is_known ? size.ws_col : 80;
}

static bool end_of_input(struct err *e) {
    (void)err_set(e, ERR_TTY_END, "the input ended before an answer came");
    return err_hint(e, "give the values as options instead");
}

/* Byte by byte: nothing after the line's end is taken from the next reader. */
static bool read_line(int fd, uint8_t line[TTY_LINE_MAX], size_t *out_len, struct err *e) {
    size_t len = 0;
    for (;;) {
        ssize_t got = read(fd, line + len, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || (got == 0 && len == 0)) {
            return end_of_input(e);
        }
        if (got == 0 || line[len] == '\n') {
            *out_len = len > 0 && line[len - 1] == '\r' ? len - 1 : len;
            return true;
        }
        if (++len == TTY_LINE_MAX) {
            return err_set(e, ERR_BASE_LIMIT, "a line is longer than %d bytes", TTY_LINE_MAX);
        }
    }
}

bool tty_read_line(const char *prompt, struct buf *out_line, struct err *e) {
    uint8_t line[TTY_LINE_MAX];
    size_t len = 0;
    (void)fputs(prompt, stderr);
    return read_line(STDIN_FILENO, line, &len, e) && buf_append(out_line, line, len, e);
}

static bool read_silently(int fd, uint8_t line[TTY_LINE_MAX], size_t *out_len, struct err *e) {
    struct termios before;
    bool is_terminal = tcgetattr(fd, &before) == 0;
    if (is_terminal) {
        struct termios silent = before;
        silent.c_lflag &= ~(tcflag_t)(ECHO);
        silent.c_lflag |= ECHONL;
        (void)tcsetattr(fd, TCSAFLUSH, &silent);
    }
    bool ok = read_line(fd, line, out_len, e);
    if (is_terminal) {
        (void)tcsetattr(fd, TCSAFLUSH, &before);
    }
    return ok;
}

bool tty_read_password(const char *prompt, struct secret *out_password, struct err *e) {
    bool is_piped = isatty(STDIN_FILENO) != 1;
    int fd = is_piped ? STDIN_FILENO : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        (void)err_set_errno(e, ERR_TTY_NONE, errno,
                            "there is no terminal to ask for a password at");
        return err_hint(e, "use --password-file FILE");
    }
    if (!is_piped) {
        (void)fputs(prompt, stderr);
    }
    uint8_t line[TTY_LINE_MAX];
    size_t len = 0;
    bool ok = read_silently(fd, line, &len, e) && secret_copy(out_password, line, len, e);
    secret_cleanse(line, sizeof(line));
    if (fd != STDIN_FILENO) {
        (void)close(fd);
    }
    return ok;
}
