/* The help, made of the command tables, so that it cannot tell anything else than the parser does.
 */
#include "cli/help.h"

#include "base/str.h"
#include "cli/args.h"
#include "cli/manual.h"

#include <openssl/crypto.h>

#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 26 };

const struct exit_text help_exit_texts[] = {
    {0, "done, or nothing to do"},
    {1, "failed"},
    {2, "wrong usage"},
    {3, "refused by a rule"},
    {4, "not found"},
    {5, "cannot connect"},
    {0, NULL},
};

static void print_options(const struct out *out, const struct option *options) {
    for (; options != NULL && options->name != NULL; options++) {
        char name[128];
        const char *value = options->value == NULL ? "" : options->value;
        (void)snprintf(name, sizeof(name), "--%s%s%s", options->name, value[0] == '\0' ? "" : " ",
                       value);
        if (strlen(name) > NAME_WIDTH) {
            out_line(out, "  %s", name);
            out_line(out, "  %-*s %s", NAME_WIDTH, "", options->help);
        } else {
            out_line(out, "  %-*s %s", NAME_WIDTH, name, options->help);
        }
    }
}

static json_t *options_document(const struct option *options) {
    json_t *list = json_array();
    for (; options != NULL && options->name != NULL; options++) {
        json_t *one =
            json_pack("{s:s, s:s*, s:b, s:s}", "name", options->name, "value", options->value,
                      "is_repeatable", options->kind == OPTION_MANY, "help", options->help);
        if (list != NULL && one != NULL) {
            (void)json_array_append_new(list, one);
        }
    }
    return list;
}

static json_t *command_document(const struct command *command) {
    return json_pack("{s:s, s:s, s:s, s:s*, s:b, s:o}", "command", command->path, "arguments",
                     command->arguments, "summary", command->summary, "details", command->details,
                     "changes", (command->flags & COMMAND_CHANGES) != 0, "options",
                     options_document(command->options));
}

bool help_print_command(const struct out *out, const struct command *command, struct err *e) {
    if (out->is_json) {
        return out_json(out, command_document(command), e);
    }
    out_line(out, "usage: padlock %s%s%s [options]", command->path,
             command->arguments[0] == '\0' ? "" : " ", command->arguments);
    out_line(out, "\n%s", command->summary);
    if (command->details != NULL) {
        out_line(out, "\n%s", command->details);
    }
    if (command->options != NULL && command->options->name != NULL) {
        out_line(out, "\noptions:");
        print_options(out, command->options);
    }
    out_line(out, "\noptions of every command:");
    print_options(out, cli_common_options);
    return true;
}

static json_t *exit_texts_document(void) {
    json_t *list = json_array();
    for (const struct exit_text *code = help_exit_texts; list != NULL && code->text != NULL;
         code++) {
        (void)json_array_append_new(
            list, json_pack("{s:i, s:s}", "code", code->code, "text", code->text));
    }
    return list;
}

static bool print_all_json(const struct out *out, struct err *e) {
    json_t *list = json_array();
    const struct command *command = NULL;
    for (size_t i = 0; list != NULL && (command = command_at(i)) != NULL; i++) {
        (void)json_array_append_new(list, command_document(command));
    }
    return out_json(out,
                    json_pack("{s:s, s:o, s:o, s:o}", "version", PADLOCK_VERSION, "options",
                              options_document(cli_common_options), "commands", list, "exit_codes",
                              exit_texts_document()),
                    e);
}

/* Commands of one group ("cert …") stand together: a blank line between groups. */
static bool is_same_group(const char *a, const char *b) {
    size_t len = strcspn(a, " ");
    return a[len] == ' ' && strncmp(a, b, len + 1) == 0;
}

static void print_all(const struct out *out) {
    out_line(out,
             "padlock: TLS server certificates, from the request to the retired certificate\n");
    out_line(out, "usage: padlock COMMAND [arguments] [options]\n");
    const struct command *before = NULL;
    const struct command *command = NULL;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        bool is_new_group =
            before != NULL && !is_same_group(command->path, before->path) &&
            (strchr(command->path, ' ') != NULL || strchr(before->path, ' ') != NULL);
        out_line(out, "%s  %-18s %s", is_new_group ? "\n" : "", command->path, command->summary);
        before = command;
    }
    out_line(out, "\noptions of every command:");
    print_options(out, cli_common_options);
    out_line(out,
             "\n\"padlock help COMMAND\" tells more; \"padlock demo\" shows everything at once.");
    char codes[200] = "";
    size_t used = 0;
    for (const struct exit_text *code = help_exit_texts; code->text != NULL; code++) {
        (void)snprintf(codes + used, sizeof(codes) - used, "%s%d %s", used == 0 ? "" : "; ",
                       code->code, code->text);
        used = strlen(codes);
    }
    out_line(out, "exit codes: %s", codes);
}

static bool print_version(const struct out *out, struct err *e) {
    out_line(out, "padlock %s (%s)", PADLOCK_VERSION, OpenSSL_version(OPENSSL_VERSION));
    return out_json(out,
                    json_pack("{s:s, s:s}", "version", PADLOCK_VERSION, "openssl",
                              OpenSSL_version(OPENSSL_VERSION)),
                    e);
}

/* All commands whose path begins with the words: "padlock help cert". */
static bool print_group(const struct out *out, const char *group, struct err *e) {
    json_t *list = json_array();
    const struct command *command = NULL;
    for (size_t i = 0; list != NULL && (command = command_at(i)) != NULL; i++) {
        size_t len = strlen(group);
        if (strncmp(command->path, group, len) == 0 && command->path[len] == ' ') {
            out_line(out, "  %-18s %s", command->path, command->summary);
            (void)json_array_append_new(list, command_document(command));
        }
    }
    return out_json(out, json_pack("{s:o}", "commands", list), e);
}

static int fail(const struct out *out, const struct err *e) {
    out_error(out, e, "could not show the help");
    return err_kind_exit(err_kind_of(e));
}

/* How many words the option at words[0] takes: "--data DIR" is the only common one with a value. */
static size_t option_words(const char *const *words, size_t count) {
    return str_equal(words[0], "--data") && count > 1 ? 2 : 1;
}

/* The words of the topic without options: "help cert list --json". */
static size_t topic_words(const char *const *topic, size_t count, const char *words[4]) {
    size_t used = 0;
    for (size_t i = 0; i < count && used < 4;) {
        bool is_option = topic[i][0] == '-';
        if (!is_option) {
            words[used++] = topic[i];
        }
        i += is_option ? option_words(topic + i, count - i) : 1;
    }
    return used;
}

static bool is_known_option(const char *word) {
    if (str_equal(word, "--version") || str_equal(word, "--manual")) {
        return true;
    }
    size_t len = strcspn(word, "=");
    for (const struct option *option = cli_common_options; option->name != NULL; option++) {
        if (len > 2 && strlen(option->name) == len - 2 &&
            strncmp(word + 2, option->name, len - 2) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_options(const char *const *all, size_t count, struct err *e) {
    for (size_t i = 0; i < count;) {
        bool is_option = all[i][0] == '-';
        if (is_option && !is_known_option(all[i])) {
            return err_set(e, ERR_CLI_OPTION_UNKNOWN, "there is no option %.60s here", all[i]);
        }
        i += is_option ? option_words(all + i, count - i) : 1;
    }
    return true;
}

static bool has_option(const char *const *all, size_t count, const char *option) {
    for (size_t i = 0; i < count; i++) {
        if (str_equal(all[i], option)) {
            return true;
        }
    }
    return false;
}

/* "cert list" is a command, "cert" a group of them. */
static bool print_topic(const struct out *out, const char *const *words, size_t count,
                        struct err *e) {
    const struct command *command = NULL;
    size_t path_len = 0;
    if (command_find(words, count, &command, &path_len, e)) {
        return path_len == count
                   ? help_print_command(out, command, e)
                   : err_set(e, ERR_CLI_ARGUMENT_SURPLUS, "there is no command \"%s %.60s\"",
                             command->path, words[path_len]);
    }
    return count == 1 && e->code == ERR_CLI_COMMAND_MISSING && print_group(out, words[0], e);
}

int help_main(const struct out *out, const char *const *all, size_t all_count,
              const char *const *topic, size_t topic_count) {
    struct err e = {0};
    if (!check_options(all, all_count, &e)) {
        return fail(out, &e);
    }
    if (has_option(all, all_count, "--version")) {
        return print_version(out, &e) ? 0 : fail(out, &e);
    }
    if (has_option(all, all_count, "--manual")) {
        return manual_print(&e) ? 0 : fail(out, &e);
    }
    const char *words[4] = {NULL};
    size_t count = topic_words(topic, topic_count, words);
    if (count > 0) {
        return print_topic(out, words, count, &e) ? 0 : fail(out, &e);
    }
    if (out->is_json) {
        return print_all_json(out, &e) ? 0 : fail(out, &e);
    }
    print_all(out);
    return all_count == 0 ? 2 : 0;
}
