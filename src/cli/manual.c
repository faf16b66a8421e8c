/*
 * The manual page, in mdoc(7). Every command, option, exit code and error code comes from the table
 * that the program itself works by; only what has no table is said here in words.
 */
#include "cli/manual.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/out.h"

#include <stdio.h>
#include <string.h>

enum { MANUAL_MAX = 1 << 20, LINE_WIDTH = 72, SENTENCE_MAX = 512 };

/* The page as it grows. The first failure stays in e, and nothing is appended after it. */
struct page {
    struct buf text;
    struct err *e;
    bool is_broken;
};

static void put_raw(struct page *page, const char *text, size_t len) {
    page->is_broken = page->is_broken || !buf_append(&page->text, text, len, page->e);
}

static void put(struct page *page, const char *text) {
    put_raw(page, text, strlen(text));
}

/* One character that roff would take for its own, or that is not ASCII. */
static bool put_special(struct page *page, uint32_t code_point, char before) {
    bool is_word = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z');
    if (code_point == '\\') {
        put(page, "\\e");
    } else if (code_point == '"') {
        put(page, "\\(dq");
    } else if (code_point == '-' && !is_word) {
        put(page, "\\-");
    } else if (code_point > 0x7e) {
        page->is_broken =
            page->is_broken || !buf_printf(&page->text, page->e, "\\[u%04X]", (unsigned)code_point);
    } else {
        return false;
    }
    return true;
}

/* Text between macros. At the start of a line, a dot or an apostrophe would begin a request. */
static void put_text(struct page *page, const char *text, size_t len) {
    if (len > 0 && (text[0] == '.' || text[0] == '\'')) {
        put(page, "\\&");
    }
    for (size_t i = 0; i < len;) {
        uint32_t code_point = 0;
        size_t width = utf8_char((const uint8_t *)text + i, len - i, &code_point);
        width = width == 0 ? 1 : width;
        if (!put_special(page, code_point, i == 0 ? ' ' : text[i - 1])) {
            put_raw(page, text + i, width);
        }
        i += width;
    }
}

/* A whole text as one argument of a macro: "cert install". */
static void put_argument(struct page *page, const char *text) {
    put(page, " \"");
    put_text(page, text, strlen(text));
    put(page, "\"");
}

static bool ends_sentence(const char *word, size_t len) {
    return len > 0 && strchr(".?!", word[len - 1]) != NULL;
}

/* Words as lines of roff: none too long, and a new one after each sentence, as mdoc(7) asks. */
static void put_prose(struct page *page, const char *text, size_t len) {
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        const char *word = text + i;
        size_t word_len = strcspn(word, " \n");
        word_len = word_len < len - i ? word_len : len - i;
        if (used > 0) {
            bool is_full = used + 1 + word_len > LINE_WIDTH || ends_sentence(word - 2, 1);
            put(page, is_full ? "\n" : " ");
            used = is_full ? 0 : used + 1;
        }
        put_text(page, word, word_len);
        used += word_len;
        i += word_len + 1;
    }
    put(page, "\n");
}

/* "rsa:2048 …" begins with a word of the machine's, "the …" with one of the language's. */
static bool begins_with_word(const char *text) {
    size_t letters = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    const char *after = text + letters + (text[letters] == ':' ? 1 : 0);
    return letters > 0 && (after[0] == '\0' || strchr(" ,;", after[0]) != NULL);
}

/* A sentence of the tables: they are written lower case and without the full stop. */
static void put_sentence(struct page *page, const char *text) {
    char sentence[SENTENCE_MAX];
    (void)snprintf(sentence, sizeof(sentence), "%s.", text);
    if (begins_with_word(text)) {
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
    }
    put_prose(page, sentence, strlen(sentence));
}

static bool is_example(const char *line) {
    return line[0] == ' ' && line[1] == ' ';
}

/* The end of the paragraph that begins here: an empty line, or lines of the other kind. */
static size_t paragraph_len(const char *text) {
    size_t len = 0;
    while (text[len] != '\0' && text[len] != '\n' && is_example(text + len) == is_example(text)) {
        len += strcspn(text + len, "\n");
        len += text[len] == '\n' ? 1 : 0;
    }
    return len;
}

static void put_example(struct page *page, const char *text, size_t len) {
    put(page, ".Bd -literal -offset indent\n");
    for (size_t i = 0; i < len;) {
        size_t line_len = strcspn(text + i, "\n");
        put_text(page, text + i + 2, line_len - 2);
        put(page, "\n");
        i += line_len + (text[i + line_len] == '\n' ? 1 : 0);
    }
    put(page, ".Ed\n");
}

/* Paragraphs of a command's help; lines that are indented are examples, kept as they are. */
static void put_details(struct page *page, const char *details) {
    for (const char *at = details; *at != '\0';) {
        size_t len = paragraph_len(at);
        if (is_example(at)) {
            put_example(page, at, len);
        } else if (len > 0) {
            put(page, ".Pp\n");
            put_prose(page, at, len);
        }
        at += len + (at[len] == '\n' ? 1 : 0);
    }
}

static void put_options(struct page *page, const struct option *options) {
    if (options == NULL || options->name == NULL) {
        return;
    }
    put(page, ".Bl -tag -width Ds\n");
    for (; options->name != NULL; options++) {
        put(page, ".It Fl \\-");
        put_text(page, options->name, strlen(options->name));
        if (options->value != NULL) {
            put(page, " Ar");
            put_argument(page, options->value);
        }
        put(page, "\n");
        put_sentence(page, options->help);
    }
    put(page, ".El\n");
}

static void put_commands(struct page *page) {
    put(page, ".Sh COMMANDS\n");
    const struct command *command = NULL;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        put(page, ".Ss ");
        put_text(page, command->path, strlen(command->path));
        put(page, command->arguments[0] == '\0' ? "" : " ");
        put_text(page, command->arguments, strlen(command->arguments));
        put(page, "\\&\n");
        put_sentence(page, command->summary);
        if (command->details != NULL) {
            put_details(page, command->details);
        }
        put_options(page, command->options);
    }
}

static void put_exit_codes(struct page *page) {
    put(page, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
    for (const struct exit_text *code = help_exit_texts; code->text != NULL; code++) {
        const char digit = (char)('0' + code->code);
        put(page, ".It ");
        put_raw(page, &digit, 1);
        put(page, "\n");
        put_sentence(page, code->text);
    }
    put(page, ".El\n");
}

static void put_error_codes(struct page *page) {
    put(page, ".Sh DIAGNOSTICS\n"
              "Each failure has a code that keeps its meaning.\n"
              "It stands in brackets after the reason, and as\n"
              ".Dq code\n"
              "in the document that\n"
              ".Fl \\-json\n"
              "prints (in the form of RFC 9457).\n"
              "The number is the exit status.\n"
              ".Bl -tag -width Ds\n");
    for (enum err_code code = ERR_NONE + 1; code < ERR_CODE_COUNT; code++) {
        const char digit = (char)('0' + err_kind_exit(err_code_kind(code)));
        put(page, ".It Sy");
        put_argument(page, err_code_text(code));
        put(page, " Pq ");
        put_raw(page, &digit, 1);
        put(page, "\n");
        put_sentence(page, err_code_about(code));
    }
    put(page, ".El\n");
}

static const char head[] =
    ".Dd " PADLOCK_DATE "\n"
    ".Dt PADLOCK 1\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm padlock\n"
    ".Nd TLS server certificates, from the request to the retired certificate\n"
    ".Sh SYNOPSIS\n"
    ".Nm\n"
    ".Ar COMMAND\n"
    ".Op Ar argument ...\n"
    ".Op Ar option ...\n"
    ".Sh DESCRIPTION\n"
    ".Nm\n"
    "carries a TLS server certificate through its whole life: it makes the key\n"
    "and the request, is the certificate authority that issues the certificate,\n"
    "installs it, binds it to a site's address, port and host name, serves the\n"
    "site, and verifies it as a client does.\n"
    ".Pp\n"
    "Private keys are sealed as they are made and leave only encrypted.\n"
    "A change to certificates, sites and bindings can be taken back with\n"
    ".Cm undo ;\n"
    "issuing, revoking and exporting cannot.\n"
    "A running\n"
    ".Cm serve\n"
    "follows each change within a second.\n"
    ".Pp\n"
    "Options and arguments come in any order; an option's value follows it as the\n"
    "next word or after an equals sign; two dashes end the options.\n"
    "Objects are named by their name or by their id, of which the last eight\n"
    "digits are enough.\n"
    "Durations are written like 90d, 12h, 30m, dates like 2026-11-25.\n"
    ".Pp\n"
    "Every command takes these options:\n";

static const char surroundings[] =
    ".Sh ENVIRONMENT\n"
    ".Bl -tag -width Ds\n"
    ".It Ev PADLOCK_DATA\n"
    "The data directory, where\n"
    ".Fl \\-data\n"
    "does not name one.\n"
    ".It Ev XDG_DATA_HOME , HOME\n"
    "Where the data directory of users other than root is, when nothing else names\n"
    "it.\n"
    ".It Ev NO_COLOR\n"
    "When it is set, no colours.\n"
    ".El\n"
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa /var/lib/padlock\n"
    "The data directory of root.\n"
    ".It Pa ~/.local/share/padlock\n"
    "The data directory of other users.\n"
    ".It Pa store.db\n"
    "In the data directory: requests, certificates, sites, bindings and the audit\n"
    "trail (SQLite).\n"
    ".It Pa sealing.key\n"
    "In the data directory: the key under which all private keys are sealed.\n"
    "Without it they are lost;\n"
    ".Cm backup\n"
    "keeps it too.\n"
    ".El\n";

static const char examples[] =
    ".Sh EXAMPLES\n"
    "From nothing to a verified site:\n"
    ".Bd -literal -offset indent\n"
    "padlock init \\-\\-ca-name \"Example\" \\-\\-base-url http://pki.example.com:8080\n"
    "padlock request new www.example.com \\-\\-out www.csr\n"
    "padlock ca submit www.csr\n"
    "padlock ca approve www.example.com\n"
    "padlock ca fetch www.example.com \\-\\-format p7b \\-\\-out www.p7b\n"
    "padlock cert install www.p7b \\-\\-name \"Shop 2026\"\n"
    "padlock site add shop \\-\\-root /srv/shop\n"
    "padlock bind add shop https://127.0.0.1:8443 \\-\\-host www.example.com \\e\n"
    "    \\-\\-cert \"Shop 2026\"\n"
    "padlock serve &\n"
    "padlock verify 127.0.0.1:8443 \\-\\-host www.example.com\n"
    ".Ed\n"
    ".Pp\n"
    "The same at once, on a store of its own:\n"
    ".Dl padlock demo\n";

static const char standards[] =
    ".Sh STANDARDS\n"
    "Certificates: RFC 5280 and the Baseline Requirements of the CA/Browser Forum.\n"
    "Requests: RFC 2986.\n"
    "Files with keys: RFC 7292.\n"
    "TLS: RFC 5246 and RFC 8446.\n"
    "HTTP: RFC 9110 and RFC 9112.\n";

bool manual_print(struct err *e) {
    struct page page = {.e = e};
    buf_init(&page.text, MANUAL_MAX);
    put(&page, head);
    put_options(&page, cli_common_options);
    put_commands(&page);
    put(&page, surroundings);
    put_exit_codes(&page);
    put(&page, examples);
    put_error_codes(&page);
    put(&page, standards);
    bool ok = !page.is_broken && out_bytes(page.text.data, page.text.len, e);
    buf_clear(&page.text);
    return ok;
}
