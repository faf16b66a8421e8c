/* Arguments parsed by an option table; every value is checked here, once. */
#include "cli/args.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum { OPTIONS_MAX = 48 };

struct parsed {
    const struct option *option;
    struct list texts;
    uint64_t number;
    int64_t time_ms;
    int choice;
};

struct args {
    struct parsed parsed[OPTIONS_MAX];
    size_t parsed_count;
    struct list arguments;
};

void args_free(struct args *args) {
    if (args == NULL) {
        return;
    }
    for (size_t i = 0; i < args->parsed_count; i++) {
        list_clear(&args->parsed[i].texts);
    }
    list_clear(&args->arguments);
    mem_free(args);
}

static void add_table(struct args *args, const struct option *options) {
    for (; options != NULL && options->name != NULL; options++) {
        PL_BUG_UNLESS(args->parsed_count < OPTIONS_MAX);
        struct parsed *parsed = &args->parsed[args->parsed_count++];
        parsed->option = options;
        parsed->choice = -1;
        list_init(&parsed->texts, options->kind == OPTION_MANY ? ARGS_MAX : 1);
    }
}

static struct parsed *find_named(struct args *args, const char *name, size_t name_len) {
    for (size_t i = 0; i < args->parsed_count; i++) {
        const char *candidate = args->parsed[i].option->name;
        if (strlen(candidate) == name_len && memcmp(candidate, name, name_len) == 0) {
            return &args->parsed[i];
        }
    }
    return NULL;
}

static int choice_index(const char *choices, const char *text) {
    int index = 0;
    for (const char *at = choices;; index++) {
        size_t len = strcspn(at, "|");
        if (len == strlen(text) && strncmp(at, text, len) == 0) {
            return index;
        }
        if (at[len] == '\0') {
            return -1;
        }
        at += len + 1;
    }
}

static bool bad_value(const struct option *option, const char *text, const char *wanted,
                      struct err *e) {
    (void)err_set(e, ERR_CLI_OPTION_VALUE, "--%s does not take \"%.100s\"", option->name, text);
    return err_hint(e, "--%s takes %s", option->name, wanted);
}

static bool check_value(struct parsed *parsed, const char *text, struct err *e) {
    const struct option *option = parsed->option;
    switch (option->kind) {
    case OPTION_FLAG:
    case OPTION_TEXT:
    case OPTION_MANY:
        return true;
    case OPTION_NUMBER:
        return str_to_u64(text, INT64_MAX, &parsed->number) ||
               bad_value(option, text, "a whole number", e);
    case OPTION_DURATION:
        return clock_parse_duration(text, &parsed->time_ms, NULL) ||
               bad_value(option, text, "a duration such as 12h, 30d, 2w, 5y", e);
    case OPTION_DATE:
        return clock_parse(text, &parsed->time_ms, NULL) ||
               bad_value(option, text, "a date such as 2026-11-23 or 2026-11-23T20:15:00Z", e);
    case OPTION_CHOICE:
        parsed->choice = choice_index(option->value, text);
        return parsed->choice >= 0 || bad_value(option, text, option->value, e);
    }
    return true;
}

static bool set_value(struct parsed *parsed, const char *text, struct err *e) {
    if (parsed->texts.count == parsed->texts.max) {
        return err_set(e, ERR_CLI_OPTION_TWICE, "--%s is given more than once",
                       parsed->option->name);
    }
    return check_value(parsed, text, e) && list_add(&parsed->texts, text, e);
}

/* The option's name that differs least from the word, for the hint; NULL when none is near. */
static const char *nearest_option(const struct args *args, const char *name, size_t name_len) {
    for (size_t i = 0; i < args->parsed_count; i++) {
        const char *candidate = args->parsed[i].option->name;
        size_t same = 0;
        while (same < name_len && candidate[same] != '\0' && candidate[same] == name[same]) {
            same++;
        }
        if (same >= 3 || same == name_len) {
            return candidate;
        }
    }
    return NULL;
}

static bool unknown_option(const struct args *args, const struct command *command, const char *word,
                           struct err *e) {
    size_t name_len = strcspn(word + 2, "=");
    (void)err_set(e, ERR_CLI_OPTION_UNKNOWN, "\"padlock %s\" has no option %.60s", command->path,
                  word);
    const char *nearest =
        str_starts_with(word, "--") ? nearest_option(args, word + 2, name_len) : NULL;
    if (nearest != NULL) {
        return err_hint(e, "did you mean --%s? \"padlock help %s\" lists all", nearest,
                        command->path);
    }
    return err_hint(e, "\"padlock help %s\" lists its options", command->path);
}

/* Takes the option at words[*at] and its value; *at is then the last word used. */
static bool parse_option(struct args *args, const struct command *command, const char *const *words,
                         size_t word_count, size_t *at, struct err *e) {
    const char *word = words[*at];
    const char *name = word + 2;
    size_t name_len = strcspn(name, "=");
    struct parsed *parsed = str_starts_with(word, "--") ? find_named(args, name, name_len) : NULL;
    if (parsed == NULL) {
        return unknown_option(args, command, word, e);
    }
    bool has_value = name[name_len] == '=';
    if (parsed->option->kind == OPTION_FLAG) {
        return has_value
                   ? err_set(e, ERR_CLI_OPTION_VALUE, "--%s takes no value", parsed->option->name)
                   : set_value(parsed, "", e);
    }
    if (has_value) {
        return set_value(parsed, name + name_len + 1, e);
    }
    if (*at + 1 == word_count) {
        (void)err_set(e, ERR_CLI_OPTION_VALUE, "--%s needs a value", parsed->option->name);
        return err_hint(e, "--%s %s", parsed->option->name, parsed->option->value);
    }
    *at += 1;
    return set_value(parsed, words[*at], e);
}

static bool check_count(const struct args *args, const struct command *command, struct err *e) {
    size_t count = args->arguments.count;
    if (args_flag(args, "help") ||
        (count >= command->argument_min && count <= command->argument_max)) {
        return true;
    }
    if (count < command->argument_min) {
        (void)err_set(e, ERR_CLI_ARGUMENT_MISSING, "\"padlock %s\" needs %s", command->path,
                      command->arguments);
    } else {
        (void)err_set(e, ERR_CLI_ARGUMENT_SURPLUS, "\"padlock %s\" does not take \"%.100s\"",
                      command->path, args->arguments.items[command->argument_max]);
    }
    return err_hint(e, "usage: padlock %s %s", command->path, command->arguments);
}

bool args_parse(const struct command *command, const char *const *words, size_t word_count,
                struct args **out_args, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct args), &memory, e)) {
        return false;
    }
    PL_AUTO(args_freep) struct args *args = memory;
    list_init(&args->arguments, ARGS_MAX);
    add_table(args, command->options);
    add_table(args, cli_common_options);
    bool is_ended = false;
    for (size_t i = 0; i < word_count; i++) {
        bool is_option = !is_ended && words[i][0] == '-' && words[i][1] != '\0';
        if (is_option && str_equal(words[i], "--")) {
            is_ended = true;
        } else if (is_option ? !parse_option(args, command, words, word_count, &i, e)
                             : !list_add(&args->arguments, words[i], e)) {
            return false;
        }
    }
    if (!check_count(args, command, e)) {
        return false;
    }
    *out_args = PL_TAKE(args);
    return true;
}

static const struct parsed *get(const struct args *args, const char *name) {
    for (size_t i = 0; i < args->parsed_count; i++) {
        if (str_equal(args->parsed[i].option->name, name)) {
            return &args->parsed[i];
        }
    }
    PL_BUG("an option that its command's table does not have");
}

bool args_flag(const struct args *args, const char *name) {
    return get(args, name)->texts.count > 0;
}

const char *args_text(const struct args *args, const char *name) {
    const struct parsed *parsed = get(args, name);
    return parsed->texts.count == 0 ? NULL : parsed->texts.items[0];
}

const struct list *args_many(const struct args *args, const char *name) {
    return &get(args, name)->texts;
}

uint64_t args_number(const struct args *args, const char *name, uint64_t otherwise) {
    const struct parsed *parsed = get(args, name);
    return parsed->texts.count == 0 ? otherwise : parsed->number;
}

int64_t args_duration_ms(const struct args *args, const char *name, int64_t otherwise_ms) {
    const struct parsed *parsed = get(args, name);
    return parsed->texts.count == 0 ? otherwise_ms : parsed->time_ms;
}

int64_t args_date_ms(const struct args *args, const char *name, int64_t otherwise_ms) {
    return args_duration_ms(args, name, otherwise_ms);
}

int args_choice(const struct args *args, const char *name) {
    return get(args, name)->choice;
}

size_t args_count(const struct args *args) {
    return args->arguments.count;
}

const char *args_at(const struct args *args, size_t index) {
    return index < args->arguments.count ? args->arguments.items[index] : NULL;
}

const struct list *args_all(const struct args *args) {
    return &args->arguments;
}
