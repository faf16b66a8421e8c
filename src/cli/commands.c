/* The list of all commands; each group's file holds its table. */
#include "cli/commands.h"

#include "base/str.h"
#include "cli/command.h"

#include <string.h>

static const struct command *const groups[] = {
    setup_commands,  request_commands,   ca_commands,     cert_commands, site_commands,
    policy_commands, serve_commands,     verify_commands, look_commands, trace_commands,
    scan_commands,   inventory_commands, lab_commands,    keep_commands,
};

const struct command *command_at(size_t index) {
    for (size_t group = 0; group < PL_ARRAY_LEN(groups); group++) {
        for (const struct command *command = groups[group]; command->path != NULL; command++) {
            if (index-- == 0) {
                return command;
            }
        }
    }
    return NULL;
}

/* How many words the path has when the words begin with it, else 0. */
static size_t match_path(const char *path, const char *const *words, size_t word_count) {
    size_t used = 0;
    while (used < word_count) {
        size_t len = strcspn(path, " ");
        if (strlen(words[used]) != len || strncmp(path, words[used], len) != 0) {
            return 0;
        }
        used++;
        if (path[len] == '\0') {
            return used;
        }
        path += len + 1;
    }
    return 0;
}

static bool is_group(const char *word, const char **out_first) {
    const struct command *command = NULL;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        size_t len = strlen(word);
        if (strncmp(command->path, word, len) == 0 && command->path[len] == ' ') {
            *out_first = command->path;
            return true;
        }
    }
    return false;
}

bool command_find(const char *const *words, size_t word_count, const struct command **out_command,
                  size_t *out_path_len, struct err *e) {
    const struct command *command = NULL;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        size_t path_len = match_path(command->path, words, word_count);
        if (path_len > 0) {
            *out_command = command;
            *out_path_len = path_len;
            return true;
        }
    }
    const char *first = NULL;
    if (is_group(words[0], &first)) {
        (void)err_set(e, ERR_CLI_COMMAND_MISSING,
                      "\"padlock %.40s\" needs to know what to do%s%.40s", words[0],
                      word_count > 1 ? ", not " : "", word_count > 1 ? words[1] : "");
        return err_hint(e,
                        "\"padlock help %.40s\" lists what it can; the first is "
                        "\"padlock %s\"",
                        words[0], first);
    }
    (void)err_set(e, ERR_CLI_COMMAND_UNKNOWN, "there is no command \"%.60s\"", words[0]);
    return err_hint(e, "\"padlock help\" lists all commands");
}
