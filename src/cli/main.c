/*
 * The program's way from words to an exit code: find the command, parse its arguments, open the
 * store it needs, run it, say what failed.
 */
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "role/offline.h"
#include "sys/file.h"
#include "sys/tty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { WORDS_MAX = ARGS_MAX };

const struct option cli_common_options[] = {
    {"data", OPTION_TEXT, "DIR",
     "the data directory (else $PADLOCK_DATA, /var/lib/padlock for root, "
     "$XDG_DATA_HOME/padlock)"},
    {"json", OPTION_FLAG, NULL, "print one JSON document"},
    {"quiet", OPTION_FLAG, NULL, "print nothing but what was asked for, and errors"},
    {"no-color", OPTION_FLAG, NULL, "no colours (also: NO_COLOR)"},
    {"dry-run", OPTION_FLAG, NULL, "say what would change, change nothing"},
    {"help", OPTION_FLAG, NULL, "show the command's help"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

/* A taken-over or crashing process must not leave keys in a core file. */
static void protect_process(void) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

static bool default_data_dir(char **out_dir, struct err *e) {
    const char *named = getenv("PADLOCK_DATA");
    if (named != NULL && named[0] != '\0') {
        return mem_strdup(named, out_dir, e);
    }
    if (geteuid() == 0) {
        return mem_strdup("/var/lib/padlock", out_dir, e);
    }
    const char *xdg = getenv("XDG_DATA_HOME");
    if (xdg != NULL && xdg[0] == '/') {
        return file_join(xdg, "padlock", out_dir, e);
    }
    const char *home = getenv("HOME");
    if (home == NULL || home[0] != '/') {
        (void)err_set(e, ERR_CLI_DATA_UNKNOWN, "there is no home folder to keep the data in");
        return err_hint(e, "give --data DIR or set PADLOCK_DATA");
    }
    return file_join(home, ".local/share/padlock", out_dir, e);
}

static bool find_data_dir(const struct args *args, char **out_dir, struct err *e) {
    const char *given = args_text(args, "data");
    return given != NULL ? mem_strdup(given, out_dir, e) : default_data_dir(out_dir, e);
}

static bool open_ops(struct cli *cli, struct err *e) {
    unsigned flags = cli->command->flags;
    if ((flags & COMMAND_NO_STORE) != 0 ||
        ((flags & COMMAND_STORE_IF_ANY) != 0 && !ops_store_exists(cli->data_dir))) {
        return true;
    }
    return ops_open(cli->data_dir, &cli->ops, e);
}

static bool run_command(struct cli *cli, struct err *e) {
    if (cli->is_dry_run && (cli->command->flags & COMMAND_CHANGES) == 0) {
        return err_set(e, ERR_CLI_OPTION_UNKNOWN,
                       "\"padlock %s\" changes nothing, so it takes no --dry-run",
                       cli->command->path);
    }
    if (!open_ops(cli, e)) {
        return false;
    }
    if (cli->ops != NULL) {
        ops_set_dry_run(cli->ops, cli->is_dry_run);
    }
    if (cli->is_dry_run) {
        out_notice(&cli->out, "dry run: nothing is changed; without --dry-run it would say:");
    }
    bool ok = cli->command->run(cli, e);
    ops_close(cli->ops);
    cli->ops = NULL;
    return ok;
}

static int fail(const struct out *out, const struct err *e, const char *what) {
    out_error(out, e, what);
    return err_kind_exit(err_kind_of(e));
}

static int run_parsed(const struct command *command, const struct args *args, struct out *out,
                      struct err *e) {
    if (args_flag(args, "help")) {
        return help_print_command(out, command, e) ? 0 : fail(out, e, "could not print the help");
    }
    PL_AUTO(mem_freep) char *data_dir = NULL;
    if (!find_data_dir(args, &data_dir, e)) {
        return fail(out, e, "could not find the data directory");
    }
    struct cli cli = {.command = command,
                      .args = args,
                      .out = *out,
                      .data_dir = data_dir,
                      .is_dry_run = args_flag(args, "dry-run")};
    cli.out.is_dry_run = cli.is_dry_run;
    if (!run_command(&cli, e)) {
        char what[128];
        (void)snprintf(what, sizeof(what), "could not do \"%s\"", command->path);
        return fail(out, e, what);
    }
    return cli.exit_code;
}

/* Options before the command ("padlock --json cert "
"list") belong to it: the path comes first then.
 */
static size_t path_first(const char *const *words, size_t count, const char **ordered) {
    size_t skipped = 0;
    while (skipped < count && words[skipped][0] == '-') {
        bool takes_value = str_equal(words[skipped], "--data");
        skipped += takes_value && skipped + 1 < count ? 2 : 1;
    }
    size_t rest = count - skipped;
    memcpy(ordered, words + skipped, rest * sizeof(*words));
    memcpy(ordered + rest, words, skipped * sizeof(*words));
    return rest;
}

static bool has_word(const char *const *words, size_t count, const char *word) {
    for (size_t i = 0; i < count; i++) {
        if (str_equal(words[i], word)) {
            return true;
        }
    }
    return false;
}

static int run_words(const char *const *words, size_t count) {
    struct err e = {0};
    struct out out = {.is_json = has_word(words, count, "--json"),
                      .is_quiet = has_word(words, count, "--quiet"),
                      .has_color = tty_has_color() && !has_word(words, count, "--no-color")};
    const char *ordered[WORDS_MAX];
    size_t rest = path_first(words, count, ordered);
    if (rest == 0 || str_equal(ordered[0], "help")) {
        return help_main(&out, words, count, ordered + 1, rest > 0 ? rest - 1 : 0);
    }
    const struct command *command = NULL;
    size_t path_len = 0;
    if (!command_find(ordered, rest, &command, &path_len, &e)) {
        return fail(&out, &e, "do not know what to do");
    }
    PL_AUTO(args_freep) struct args *args = NULL;
    if (!args_parse(command, ordered + path_len, count - path_len, &args, &e)) {
        char what[128];
        (void)snprintf(what, sizeof(what), "cannot understand \"padlock %s …\"", command->path);
        return fail(&out, &e, what);
    }
    return run_parsed(command, args, &out, &e);
}

int cli_main(int argc, char **argv) {
    protect_process();
    offline_use();
    const char *words[WORDS_MAX];
    size_t count = 0;
    for (int i = 1; i < argc && count < WORDS_MAX; i++) {
        words[count++] = argv[i];
    }
    int exit_code = run_words(words, count);
    if (fflush(stdout) != 0) {
        return exit_code == 0 ? 1 : exit_code;
    }
    return exit_code;
}
