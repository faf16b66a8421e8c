/*
 * The visitor's connection as a page: no script, no font or address of others; every text from
 * outside passes the escaper.
 */
#include "base/clock.h"
#include "base/escape.h"
#include "site/connection_facts.h"

#include <stdio.h>
#include <string.h>

static const char page_head[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<link rel=\"icon\" href=\"data:image/svg+xml,"
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect x='6' y='14' width='20' height='14' rx='3' fill='%230a7d55'/%3E"
    "%3Cpath d='M11 14v-4a5 5 0 0 1 10 0v4' fill='none' stroke='%230a7d55' stroke-width='3'/%3E"
    "%3C/svg%3E\">\n"
    "<title>Your connection</title>\n"
    "<style>\n"
    ":root{--ink:#14211c;--soft:#4c5b54;--ground:#f4f7f5;--card:#fff;--line:#dde6e1;"
    "--good:#0a7d55;--good-wash:#e3f3ec;--fair:#8a5a00;--fair-wash:#fdf1d8;--poor:#b3261e;"
    "--poor-wash:#fbe5e3;--none:#4c5b54;--none-wash:#eaefec}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6efea;--soft:#a3b5ac;--ground:#0e1512;"
    "--card:#16201b;--line:#26342d;--good:#4fd09d;--good-wash:#12332a;--fair:#f0bf5f;"
    "--fair-wash:#362a12;--poor:#ff8f85;--poor-wash:#3d1a18;--none:#a3b5ac;--none-wash:#212c27}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;padding:2.5rem 1rem 4rem;background:var(--ground);color:var(--ink);"
    "font:1rem/1.55 system-ui,-apple-system,\"Segoe UI\",sans-serif}\n"
    "main{max-width:60rem;margin:0 auto}\n"
    "header{display:flex;gap:1.25rem;align-items:flex-start;margin-bottom:2rem}\n"
    "header svg{flex:none;width:3.5rem;height:3.5rem}\n"
    "h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.01em;margin:0 0 .35rem;"
    "overflow-wrap:anywhere}\n"
    "h2{font-size:1.2rem;margin:2.75rem 0 .35rem}\n"
    "p{margin:.25rem 0;color:var(--soft)}\n"
    ".cards{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(17.5rem,1fr))}\n"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:.9rem;"
    "padding:1.1rem 1.25rem}\n"
    ".card h3{display:flex;justify-content:space-between;gap:.5rem;margin:0;"
    "font-size:.8125rem;font-weight:600;color:var(--soft)}\n"
    ".card .value{margin:.15rem 0 .5rem;font-size:1.0625rem;font-weight:650;color:var(--ink);"
    "overflow-wrap:anywhere}\n"
    ".card p{font-size:.9375rem;line-height:1.5}\n"
    ".badge{display:inline-block;padding:.05rem .55rem;border-radius:1rem;font-size:.75rem;"
    "font-weight:600;white-space:nowrap;vertical-align:.1em}\n"
    ".good{color:var(--good);background:var(--good-wash)}.fair{color:var(--fair);"
    "background:var(--fair-wash)}.poor{color:var(--poor);background:var(--poor-wash)}"
    ".none{color:var(--none);background:var(--none-wash)}\n"
    "header svg{padding:.6rem;border-radius:1rem}\n"
    "details{background:var(--card);border:1px solid var(--line);border-radius:.9rem;"
    "margin:.75rem 0;overflow:hidden}\n"
    "summary{cursor:pointer;padding:.8rem 1.25rem;font-weight:600}\n"
    "summary span{font-weight:400;color:var(--soft)}\n"
    "summary:focus-visible{outline:2px solid var(--good);outline-offset:-2px}\n"
    "details p{padding:0 1.25rem .5rem}\n"
    "ol{list-style:none;margin:0;padding:0}\n"
    "li{display:grid;grid-template-columns:4.5rem minmax(0,1fr) auto;gap:.15rem .75rem;"
    "padding:.5rem 1.25rem;border-top:1px solid var(--line);align-items:baseline}\n"
    "li.chosen{background:var(--good-wash)}\n"
    "code{font:.875rem/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
    "overflow-wrap:anywhere}\n"
    "li code{color:var(--soft)}\n"
    "li b{font-weight:550;overflow-wrap:anywhere}\n"
    "li small{grid-column:2/-1;color:var(--soft);font-size:.8125rem}\n"
    "a{color:var(--good)}\n"
    "footer{margin-top:2.5rem;font-size:.9375rem;color:var(--soft)}\n"
    "@media(max-width:34rem){li{grid-template-columns:minmax(0,1fr) auto}li code{grid-column:1/-1}"
    "li small{grid-column:1/-1}}\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "<main>\n";

static bool append_escaped(struct buf *out, const char *text, struct err *e) {
    return escape_append(out, ESCAPE_HTML, text, strlen(text), e);
}

/* --- the whole in one sentence ----------------------------------------------------------------
 */

static enum tls_rating worse(enum tls_rating so_far, const struct connection_choice *choice) {
    bool is_rated = choice->entry != NULL && choice->entry->rating != TLS_RATING_NONE;
    return is_rated && choice->entry->rating > so_far ? (enum tls_rating)choice->entry->rating
                                                      : so_far;
}

static enum tls_rating rate(const struct connection_facts *facts) {
    enum tls_rating rating = TLS_RATING_GOOD;
    rating = worse(rating, &facts->version);
    rating = worse(rating, &facts->suite);
    rating = worse(rating, &facts->group);
    return worse(rating, &facts->signature);
}

static const char *verdict(enum tls_rating rating, bool is_hybrid) {
    switch (rating) {
    case TLS_RATING_GOOD:
        return is_hybrid ? "As good as it gets today: nobody on the way can read or change what "
                           "is sent, and what is recorded now stays secret from quantum computers "
                           "to come."
                         : "Good: nobody on the way can read or change what is sent. A newer "
                           "program would also exchange keys that quantum computers cannot find.";
    case TLS_RATING_FAIR:
        return "Sound, and it could be better: a newer program would agree on more. The values "
               "below say what.";
    case TLS_RATING_POOR:
        return "Weak: this program or this site’s settings are too old. The values below say "
               "what should change.";
    case TLS_RATING_NONE:
        break;
    }
    return "";
}

static bool append_header(const struct connection_facts *facts, struct buf *out, struct err *e) {
    enum tls_rating rating = rate(facts);
    bool is_hybrid =
        facts->group.entry != NULL && strstr(facts->group.entry->name, "MLKEM") != NULL;
    return buf_printf(out, e,
                      "<header><svg class=\"%s\" viewBox=\"0 0 32 32\" aria-hidden=\"true\" "
                      "focusable=\"false\"><rect x=\"5\" y=\"14\" width=\"22\" height=\"15\" "
                      "rx=\"3.5\" fill=\"currentColor\"/><path d=\"M10.5 14v-4a5.5 5.5 0 0 1 11 "
                      "0v4\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"3\"/></svg>\n"
                      "<div><h1>Your connection to ",
                      connection_rating_text(rating)) &&
           append_escaped(out, facts->server_name[0] == '\0' ? "this server" : facts->server_name,
                          e) &&
           buf_printf(out, e, "</h1>\n<p>%s</p></div></header>\n", verdict(rating, is_hybrid));
}

/* --- what was agreed --------------------------------------------------------------------------
 */

static bool append_badge(struct buf *out, const struct tls_entry *entry, struct err *e) {
    static const char *const words[] = {[TLS_RATING_GOOD] = "good",
                                        [TLS_RATING_FAIR] = "could be better",
                                        [TLS_RATING_POOR] = "poor"};
    if (entry == NULL || entry->rating == TLS_RATING_NONE) {
        return true;
    }
    return buf_printf(out, e, " <span class=\"badge %s\">%s</span>",
                      connection_rating_text((enum tls_rating)entry->rating), words[entry->rating]);
}

/* title, before and about are ours; value may be anybody's. */
struct card {
    const char *title;
    const char *value;
    size_t value_len;
    const struct tls_entry *entry;
    const char *before; /* in front of the entry's sentence */
};

/* Our sentences begin small and end without a full stop: here they become whole ones. */
static bool append_sentence(struct buf *out, const char *before, const char *about, struct err *e) {
    if (!append_escaped(out, before, e)) {
        return false;
    }
    if (about[0] == '\0') {
        return true;
    }
    const char first[2] = {
        (char)(about[0] >= 'a' && about[0] <= 'z' ? about[0] - 'a' + 'A' : about[0]), '\0'};
    return buf_append_string(out, before[0] == '\0' ? "" : " ", e) &&
           append_escaped(out, first, e) && append_escaped(out, about + 1, e) &&
           buf_append_byte(out, '.', e);
}

static bool append_card(struct buf *out, const struct card *card, struct err *e) {
    return buf_printf(out, e, "<section class=\"card\"><h3>%s", card->title) &&
           append_badge(out, card->entry, e) &&
           buf_append_string(out, "</h3><p class=\"value\">", e) &&
           escape_append(out, ESCAPE_HTML, card->value, card->value_len, e) &&
           buf_append_string(out, "</p><p>", e) &&
           append_sentence(out, card->before, card->entry == NULL ? "" : card->entry->about, e) &&
           buf_append_string(out, "</p></section>\n", e);
}

static bool append_choice(struct buf *out, const char *title,
                          const struct connection_choice *choice, const char *before,
                          struct err *e) {
    const struct card card = {.title = title,
                              .value = choice->name,
                              .value_len = strlen(choice->name),
                              .entry = choice->entry,
                              .before = before};
    return choice->name[0] == '\0' || append_card(out, &card, e);
}

static bool append_said(struct buf *out, const char *title, const char *value, const char *sentence,
                        struct err *e) {
    const struct card card = {
        .title = title, .value = value, .value_len = strlen(value), .before = sentence};
    return append_card(out, &card, e);
}

static bool append_session(const struct connection_facts *facts, struct buf *out, struct err *e) {
    if (facts->is_resumed) {
        return append_said(out, "Session", "resumed",
                           "An earlier session was continued with a ticket: no certificate was "
                           "sent again, which is faster and as safe.",
                           e);
    }
    return append_said(out, "Session", facts->was_retried ? "new, after a second try" : "new",
                       facts->was_retried
                           ? "A full handshake with one round trip more than needed: the keys that "
                             "the client sent along were for groups that this site does not prefer."
                           : "A full handshake: the server showed its certificate and proved that "
                             "it has the key.",
                       e);
}

static bool append_name(const struct connection_facts *facts, struct buf *out, struct err *e) {
    bool has_name = facts->server_name[0] != '\0';
    return append_said(out, "Name asked for (SNI)", has_name ? facts->server_name : "none",
                       has_name ? "It chose the site and the certificate. It is sent before "
                                  "anything is encrypted, so everyone on the way can read it."
                                : "The client named no site: the address’s default answered.",
                       e);
}

static bool append_protocol(const struct connection_facts *facts, struct buf *out, struct err *e) {
    const struct card card = {
        .title = "Protocol inside (ALPN)",
        .value = facts->protocol_len == 0 ? "none" : (const char *)facts->protocol,
        .value_len = facts->protocol_len == 0 ? 4 : facts->protocol_len,
        .before = facts->protocol_len == 0
                      ? "The client asked for no protocol; HTTP/1.1 is spoken."
                      : "Both sides agreed on it during the handshake, at no cost."};
    return append_card(out, &card, e);
}

static bool append_client(const struct connection_facts *facts, struct buf *out, struct err *e) {
    char sentence[ERR_TEXT_MAX];
    char day[11];
    if (facts->client == NULL) {
        return append_said(out, "Your certificate", "none shown",
                           "The server knows the client by nothing but its address.", e);
    }
    clock_format_day(facts->client->not_after_ms, day);
    (void)snprintf(sentence, sizeof(sentence),
                   "Issued by %.300s, valid until %s. The client proved that it has its key.",
                   facts->client->issuer_text, day);
    return append_said(out, "Your certificate", facts->client->subject_text, sentence, e);
}

static bool append_agreed(const struct connection_facts *facts, struct buf *out, struct err *e) {
    return buf_append_string(out, "<div class=\"cards\">\n", e) &&
           append_choice(out, "Version", &facts->version, "", e) &&
           append_choice(out, "Key exchange", &facts->group, "", e) &&
           append_choice(out, "Cipher suite", &facts->suite, "", e) &&
           append_choice(out, "Server’s signature", &facts->signature,
                         "With it the server proved that it has the certificate’s key.", e) &&
           append_session(facts, out, e) && append_name(facts, out, e) &&
           append_protocol(facts, out, e) &&
           append_said(out, "This site’s TLS policy", facts->policy,
                       "It says which versions, suites and groups the server takes part in, and "
                       "what it prefers.",
                       e) &&
           append_client(facts, out, e) && buf_append_string(out, "</div>\n", e);
}

/* --- what was offered -------------------------------------------------------------------------
 */

static bool append_number(const struct connection_facts *facts, const struct connection_list *list,
                          uint16_t code, struct buf *out, struct err *e) {
    const struct tls_entry *entry = tls_registry_find(list->kind, code);
    bool is_grease = tls_is_grease(code);
    bool is_chosen = connection_is_chosen(facts, list->list, code);
    const char *name = is_grease ? "GREASE" : entry == NULL ? "unknown" : entry->name;
    const char *about = is_grease ? "a value without meaning, sent so that servers learn to pass "
                                    "over what they do not know"
                        : entry == NULL ? ""
                                        : entry->about;
    return buf_printf(out, e, "<li%s><code>0x%04x</code><b>", is_chosen ? " class=\"chosen\"" : "",
                      code) &&
           append_escaped(out, name, e) && buf_append_string(out, "</b><span>", e) &&
           (!is_chosen || buf_append_string(out, "<span class=\"badge good\">chosen</span>", e)) &&
           append_badge(out, entry, e) && buf_append_string(out, "</span>", e) &&
           (about[0] == '\0' ||
            (buf_append_string(out, "<small>", e) && append_sentence(out, "", about, e) &&
             buf_append_string(out, "</small>", e))) &&
           buf_append_string(out, "</li>\n", e);
}

static bool append_list(const struct connection_facts *facts, const struct connection_list *list,
                        struct buf *out, struct err *e) {
    size_t count = client_offer_count(facts->offer, list->list);
    if (count == 0) {
        return true;
    }
    bool is_open = list->list == CLIENT_OFFER_SUITES || list->list == CLIENT_OFFER_GROUPS;
    bool ok =
        buf_printf(out, e, "<details%s><summary>%s <span>%zu</span></summary>\n<p>%s</p>\n<ol>\n",
                   is_open ? " open" : "", list->title, count, list->about);
    for (size_t i = 0; ok && i < count; i++) {
        ok = append_number(facts, list, client_offer_at(facts->offer, list->list, i), out, e);
    }
    return ok && buf_append_string(out, "</ol></details>\n", e);
}

static bool append_protocols(const struct connection_facts *facts, struct buf *out, struct err *e) {
    const uint8_t *name = NULL;
    size_t len = 0;
    size_t cursor = 0;
    if (!client_offer_next_protocol(facts->offer, &cursor, &name, &len)) {
        return true;
    }
    bool ok = buf_append_string(out,
                                "<details><summary>Protocols (ALPN)</summary>\n<p>What the client "
                                "would speak inside TLS, in its order.</p>\n<ol>\n",
                                e);
    cursor = 0;
    while (ok && client_offer_next_protocol(facts->offer, &cursor, &name, &len)) {
        ok = buf_append_string(out, "<li><code>ALPN</code><b>", e) &&
             escape_append(out, ESCAPE_HTML, name, len, e) &&
             buf_append_string(out, "</b></li>\n", e);
    }
    return ok && buf_append_string(out, "</ol></details>\n", e);
}

static bool append_offered(const struct connection_facts *facts, struct buf *out, struct err *e) {
    const struct connection_list *list = NULL;
    bool ok = buf_append_string(out,
                                "<h2>What your program offered</h2>\n<p>A browser opens with a "
                                "list of all that it can do; the server chooses from it.</p>\n",
                                e);
    if (ok && client_offer_is_cut(facts->offer)) {
        ok = buf_append_string(out, "<p>It offered more than is kept: not all is shown.</p>\n", e);
    }
    for (size_t i = 0; ok && (list = connection_list_at(i)) != NULL; i++) {
        ok = append_list(facts, list, out, e);
    }
    return ok && append_protocols(facts, out, e);
}

static bool append_ja4(const struct connection_facts *facts, struct buf *out, struct err *e) {
    if (facts->ja4[0] == '\0') {
        return true;
    }
    return buf_printf(out, e,
                      "<h2>Its fingerprint</h2>\n<p>JA4 sums up the offer: programs of one kind "
                      "and version share it, whatever they call themselves.</p>\n"
                      "<section class=\"card\"><p class=\"value\"><code>%s</code></p>"
                      "<p><code>%s</code></p></section>\n",
                      facts->ja4, buf_string(&facts->ja4_raw));
}

bool connection_append_html(const struct connection_facts *facts, struct buf *out, struct err *e) {
    return buf_append_string(out, page_head, e) && append_header(facts, out, e) &&
           append_agreed(facts, out, e) && append_offered(facts, out, e) &&
           append_ja4(facts, out, e) &&
           buf_append_string(out,
                             "<footer><p>The same for programs: <a href=\"?format=json\">as "
                             "JSON</a>.</p></footer>\n</main>\n</body>\n</html>\n",
                             e);
}
