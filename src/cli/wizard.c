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

struct question {
    int nid;
    const char *label;
    const char *about;
};

static const struct question questions[] = {
    {NID_organizationName, "Organization",
     "the full legal name, with Inc., Ltd. or GmbH; empty for none"},
    {NID_organizationalUnitName, "Organizational unit",
     "Sales, IT …; public CAs drop it; empty for none"},
    {NID_localityName, "City/locality", "Redmond; empty for none"},
    {NID_stateOrProvinceName, "State/province", "written out: Washington; empty for none"},
    {NID_countryName, "Country/region", "two letters: US, GB, IN; empty for none"},
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

/* All fields so far, checked with the new one; what is refused is not kept. */
static bool try_field(struct request_names *names, int nid, const char *answer,
                      struct err *problem) {
    PL_AUTO(request_names_clear) struct request_names trial = {0};
    PL_AUTO(list_clear) struct list warnings;
    list_init(&warnings, WARNINGS_MAX);
    if (!dn_copy(&names->subject, &trial.subject, problem) ||
        !san_list_copy(&names->sans, &trial.sans, problem) ||
        !dn_add(&trial.subject, nid, answer, problem) ||
        !request_names_check(&trial, &warnings, problem)) {
        return false;
    }
    struct out plain = {0};
    out_notices(&plain, &warnings);
    return dn_add(&names->subject, nid, answer, problem);
}

static bool ask_fields(struct request_names *names, struct err *e) {
    for (size_t i = 0; i < PL_ARRAY_LEN(questions); i++) {
        char answer[ANSWER_MAX];
        struct err problem = {0};
        do {
            if (err_is_set(&problem)) {
                show_problem(&problem);
            }
            err_init(&problem);
            if (!ask(questions[i].label, questions[i].about, answer, e)) {
                return false;
            }
        } while (answer[0] != '\0' && !try_field(names, questions[i].nid, answer, &problem));
    }
    return true;
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
    return str_equal_nocase(answer, "y") || str_equal_nocase(answer, "yes") ||
           err_set(e, ERR_CLI_WIZARD_REFUSED, "the summary was not confirmed; nothing was made");
}

bool wizard_run(struct cli *cli, struct wizard *out_wizard, struct request_names *out_names,
                struct key_spec *out_key, struct err *e) {
    (void)cli;
    char answer[ANSWER_MAX];
    if (!tty_is_interactive()) {
        (void)err_set(e, ERR_CLI_ARGUMENT_MISSING,
                      "a request needs at least one NAME, or a terminal for the wizard");
        return err_hint(e, "padlock request new www.example.com --out www.csr");
    }
    if (!ask_names(out_names, e) ||
        !dn_add(&out_names->subject, NID_commonName, out_names->sans.items[0].text, e) ||
        !ask_fields(out_names, e) || !ask_key(out_key, e) ||
        !ask("File for the CSR", "empty to print it", answer, e)) {
        return false;
    }
    (void)str_copy(out_wizard->file, sizeof(out_wizard->file), answer);
    return confirm(out_names, out_key, out_wizard->file, e);
}
