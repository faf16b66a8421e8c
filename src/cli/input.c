/* What commands read and write besides the store: files, passwords, confirmations. */
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "codec/base64.h"
#include "sys/file.h"
#include "sys/tty.h"

#include <string.h>

bool cli_read_file(const char *path, size_t max, struct buf *out, struct err *e) {
    buf_init(out, max);
    return file_read(path, out, e);
}

/* The first line of a file, as a password. */
static bool password_from_file(const char *path, struct secret *out_password, struct err *e) {
    if (!file_read_secret(path, out_password, e)) {
        return false;
    }
    const void *end = memchr(out_password->bytes, '\n', out_password->len);
    if (end != NULL) {
        secret_cut(out_password, (size_t)((const uint8_t *)end - out_password->bytes));
    }
    if (out_password->len > 0 && out_password->bytes[out_password->len - 1] == '\r') {
        secret_cut(out_password, out_password->len - 1);
    }
    return true;
}

static bool ask_again(struct secret *out_password, struct err *e) {
    PL_AUTO(secret_clear) struct secret again = {0};
    if (!tty_read_password("the same again: ", &again, e)) {
        return false;
    }
    bool is_same =
        again.len == out_password->len && secret_equal(again.bytes, out_password->bytes, again.len);
    return is_same || err_set(e, ERR_CLI_PASSWORD_DIFFER, "the two passwords differ");
}

bool cli_password(const struct cli *cli, const char *prompt, bool is_new,
                  struct secret *out_password, struct err *e) {
    const char *path = args_text(cli->args, "password-file");
    if (path != NULL) {
        return password_from_file(path, out_password, e);
    }
    if (!tty_is_interactive()) {
        (void)err_set(e, ERR_CLI_PASSWORD_MISSING,
                      "a password is needed, and there is no terminal to ask at");
        return err_hint(e, "write it into a file and use --password-file FILE");
    }
    PL_AUTO(secret_clear) struct secret password = {0};
    if (!tty_read_password(prompt, &password, e) || (is_new && !ask_again(&password, e))) {
        return false;
    }
    *out_password = password;
    password = (struct secret){0};
    return true;
}

bool cli_check_out(const struct cli *cli, const char *path, struct err *e) {
    if (path == NULL || str_equal(path, "-") || args_flag(cli->args, "force") ||
        !file_exists(path)) {
        return true;
    }
    (void)err_set(e, ERR_SYS_FILE_EXISTS, "\"%.300s\" is already there", path);
    return err_hint(e, "--force overwrites it");
}

bool cli_write_file(const struct cli *cli, const char *path, const void *bytes, size_t len,
                    bool is_private, struct err *e) {
    if (cli->is_dry_run) {
        return true;
    }
    if (path == NULL || str_equal(path, "-")) {
        return out_bytes(bytes, len, e);
    }
    mode_t mode = is_private ? 0600 : 0644;
    if (args_flag(cli->args, "force")) {
        return file_replace(path, bytes, len, mode, e);
    }
    return file_create(path, bytes, len, mode, e) ||
           (e != NULL && e->code == ERR_SYS_FILE_EXISTS && err_hint(e, "--force overwrites it"));
}

static bool add_content(json_t *document, const struct buf *file, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf text = {.max = 2 * file->len + 4};
    bool is_pem = str_starts_with(buf_string(file), "-----BEGIN ");
    if (!is_pem && !base64_encode(file->data, file->len, &text, e)) {
        return false;
    }
    return json_object_set_new(document, is_pem ? "pem" : "base64",
                               json_string(buf_string(is_pem ? file : &text))) == 0 ||
           err_set(e, ERR_BASE_OOM, "out of memory");
}

bool cli_hand_out(const struct cli *cli, const char *path, const struct buf *file, bool is_private,
                  json_t *document, struct err *e) {
    if (cli->out.is_json && path == NULL) {
        if (document == NULL || add_content(document, file, e)) {
            return out_json(&cli->out, document, e);
        }
        json_decref(document);
        return false;
    }
    if (!cli_write_file(cli, path, file->data, file->len, is_private, e)) {
        json_decref(document);
        return false;
    }
    if (path != NULL && !str_equal(path, "-")) {
        out_line(&cli->out, "written: %s%s", path,
                 is_private ? ", with the private key, encrypted" : "");
    }
    return out_json(&cli->out, document, e);
}

bool cli_confirm(const struct cli *cli, const char *question, struct err *e) {
    if (args_flag(cli->args, "yes")) {
        return true;
    }
    char prompt[512];
    (void)str_copy(prompt, sizeof(prompt), question);
    PL_AUTO(buf_clear) struct buf answer = {.max = TTY_LINE_MAX};
    if (tty_is_interactive() && tty_read_line(prompt, &answer, e) &&
        str_equal_nocase(buf_string(&answer), "y")) {
        return true;
    }
    (void)err_set(e, ERR_CLI_CONFIRM, "it cannot be undone, and was not confirmed");
    return err_hint(e, "answer y at a terminal, or give --yes");
}
