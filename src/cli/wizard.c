/* The wizard: a table of questions, one check for each, the summary. */
#include "cli/wizard.h"

#include "base/mem.h"
#include "base/str.h"
#include "sys/tty.h"

#include <openssl/obj_mac.h>

#include <stdio.h>
#include <string.h>

enum { ANSWER_MAX = 512, WARNINGS_MAX = 16 };

void wizard_clear(struct wizard *wizard) {
    *wizard = (struct wizard){0};
}

enum field { ORGANIZATION, UNIT, CITY, STATE, COUNTRY, FIELD_COUNT };

struct question {
    int nid;
    const char *label;
    const char *about;
};

static const struct question questions[FIELD_COUNT] = {
    [ORGANIZATION] = {NID_organizationName, "Organization",
                      "the full legal name, with Inc., Ltd. or GmbH; empty for none"},
    [UNIT] = {NID_organizationalUnitName, "Organizational unit",
              "Sales, IT …; public CAs drop it; empty for none"},
    [CITY] = {NID_localityName, "City/locality", "Redmond; empty for none"},
    [STATE] = {NID_stateOrProvinceName, "State/province",
               "written out: Washington; empty for none"},
    [COUNTRY] = {NID_countryName, "Country/region", "two letters: US, GB, IN; empty for none"},
};

/* What was answered so far ("" for nothing), and the warnings that were shown. */
struct answers {
    char fields[FIELD_COUNT][ANSWER_MAX];
    struct list warnings;
};

static bool ask(const char *label, const char *about, char answer[ANSWER_MAX], struct err *e) {
    char prompt[ANSWER_MAX];
    PL_AUTO(buf_clear) struct buf line = {.max = ANSWER_MAX - 1};
    (void)snprintf(prompt, sizeof(prompt), "%s (%s): ", label, about);
    if (!tty_read_line(prompt, &line, e)) {
        return false;
    }
    (void)str_copy(answer, ANSWER_MAX, buf_string(&line));
    return true;
}

static void show_problem(const struct err *problem) {
    struct out plain = {0};
    out_notice(&plain, "%s%s%s", problem->step[0], problem->hint[0] == '\0' ? "" : "; ",
               problem->hint);
}

/* The first name is the common name; more may follow, an empty answer ends. */
static bool ask_names(struct request_names *names, struct err *e) {
    for (;;) {
        bool is_first = names->sans.count == 0;
        char answer[ANSWER_MAX];
        struct err problem = {0};
        if (!ask(is_first ? "Common name" : "Another name",
                 is_first ? "what is typed into the browser: www.example.com"
                          : "empty when that was all",
                 answer, e)) {
            return false;
        }
        if (answer[0] == '\0' && !is_first) {
            return true;
        }
        if (!san_list_add_typed(&names->sans, answer, &problem)) {
            show_problem(&problem);
        }
    }
}

/* The subject in the order of certificates: from the country to the common name. */
static bool build_subject(const struct answers *answers, const char *first_name,
                          struct dn *out_subject, struct err *e) {
    static const enum field order[FIELD_COUNT] = {COUNTRY, STATE, CITY, ORGANIZATION, UNIT};
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!dn_add(out_subject, questions[order[i]].nid, answers->fields[order[i]], e)) {
            return false;
        }
    }
    return dn_add(out_subject, NID_commonName, request_common_name(first_name), e);
}

/* All answers so far, each warning told once. */
static bool check_answers(struct answers *answers, const struct san_list *sans, struct err *e) {
    PL_AUTO(request_names_clear) struct request_names trial = {0};
    PL_AUTO(list_clear) struct list warnings;
    struct out plain = {0};
    list_init(&warnings, WARNINGS_MAX);
    if (!san_list_copy(sans, &trial.sans, e) ||
        !build_subject(answers, sans->items[0].text, &trial.subject, e) ||
        !request_names_check(&trial, &warnings, e)) {
        return false;
    }
    for (size_t i = 0; i < warnings.count; i++) {
        if (!list_has(&answers->warnings, warnings.items[i])) {
            out_notice(&plain, "%s", warnings.items[i]);
        }
        if (!list_add_new(&answers->warnings, warnings.items[i], e)) {
            return false;
        }
    }
    return true;
}

static bool is_yes(const char *answer) {
    return str_equal_nocase(answer, "y") || str_equal_nocase(answer, "yes");
}

/* City and state changed places, or are asked for again. */
static bool mend_places(struct answers *answers, const struct san_list *sans, enum field *next,
                        struct err *e) {
    char answer[ANSWER_MAX];
    if (!ask("Swap them?", "y, or n to answer both again", answer, e)) {
        return false;
    }
    bool is_swapped = is_yes(answer);
    if (is_swapped) {
        memcpy(answer, answers->fields[CITY], ANSWER_MAX);
        memcpy(answers->fields[CITY], answers->fields[STATE], ANSWER_MAX);
        memcpy(answers->fields[STATE], answer, ANSWER_MAX);
    }
    *next = is_swapped && check_answers(answers, sans, NULL) ? FIELD_COUNT : CITY;
    return true;
}

static bool ask_fields(const struct san_list *sans, struct answers *answers, struct err *e) {
    for (enum field i = ORGANIZATION; i < FIELD_COUNT;) {
        struct err problem = {0};
        if (!ask(questions[i].label, questions[i].about, answers->fields[i], e)) {
            return false;
        }
        if (answers->fields[i][0] == '\0' || check_answers(answers, sans, &problem)) {
            i++;
            continue;
        }
        show_problem(&problem);
        if (problem.code != ERR_REQUEST_FIELD_SWAPPED) {
            answers->fields[i][0] = '\0';
        } else if (!mend_places(answers, sans, &i, e)) {
            return false;
        }
    }
    return true;
}

static bool ask_subject(struct request_names *names, struct err *e) {
    struct answers answers = {0};
    list_init(&answers.warnings, FIELD_COUNT * WARNINGS_MAX);
    bool ok = ask_fields(&names->sans, &answers, e) &&
              build_subject(&answers, names->sans.items[0].text, &names->subject, e);
    list_clear(&answers.warnings);
    return ok;
}

static bool ask_key(struct key_spec *out_key, struct err *e) {
    for (;;) {
        char answer[ANSWER_MAX];
        struct err problem = {0};
        if (!ask("Key",
                 "empty for ec:p256, which all current clients take; rsa:2048 for very old ones",
                 answer, e)) {
            return false;
        }
        if (key_spec_parse(answer[0] == '\0' ? "ec:p256" : answer, out_key, &problem)) {
            return true;
        }
        show_problem(&problem);
    }
}

static bool ask_file(const struct cli *cli, struct wizard *wizard, struct err *e) {
    for (;;) {
        char answer[ANSWER_MAX];
        struct err problem = {0};
        if (!ask("File for the CSR", "empty to print it", answer, e)) {
            return false;
        }
        if (answer[0] == '\0' || cli_check_out(cli, answer, &problem)) {
            (void)str_copy(wizard->file, sizeof(wizard->file), answer);
            return true;
        }
        show_problem(&problem);
    }
}

static bool confirm(const struct request_names *names, const struct key_spec *key, const char *file,
                    struct err *e) {
    struct out plain = {0};
    char kind[KEY_SPEC_TEXT];
    char answer[ANSWER_MAX];
    PL_AUTO(mem_freep) char *subject = NULL;
    PL_AUTO(mem_freep) char *sans = NULL;
    if (!dn_format(&names->subject, &subject, e) || !san_list_format(&names->sans, &sans, e)) {
        return false;
    }
    key_spec_describe(key, kind);
    out_line(&plain, " ");
    out_field(&plain, "subject", "%s", subject);
    out_field(&plain, "names", "%s", sans);
    out_field(&plain, "key", "%s", kind);
    out_field(&plain, "CSR", "%s", file[0] == '\0' ? "(printed here)" : file);
    if (!ask("Make it?", "y or n", answer, e)) {
        return false;
    }
    return is_yes(answer) ||
           err_set(e, ERR_CLI_WIZARD_REFUSED, "the summary was not confirmed; nothing was made");
}

bool wizard_run(struct cli *cli, struct wizard *out_wizard, struct request_names *out_names,
                struct key_spec *out_key, struct err *e) {
    if (!tty_is_interactive()) {
        (void)err_set(e, ERR_CLI_ARGUMENT_MISSING,
                      "a request needs at least one NAME, or a terminal for the wizard");
        return err_hint(e, "padlock request new www.example.com --out www.csr");
    }
    const char *path = args_text(cli->args, "out");
    (void)str_copy(out_wizard->file, sizeof(out_wizard->file), path == NULL ? "" : path);
    return ask_names(out_names, e) && ask_subject(out_names, e) && ask_key(out_key, e) &&
           (path != NULL || ask_file(cli, out_wizard, e)) &&
           confirm(out_names, out_key, out_wizard->file, e);
}
