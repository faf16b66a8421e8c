/*
 * What will they see? The page that Chrome, Firefox, Safari and Internet Explorer show for what a
 * verification found, with its code and its words. No I/O, no clock.
 *
 * Each browser tells one fault, the worst by its own order. Where a text was read from the browser
 * itself (Chromium 156, Firefox 153 ESR: tests/e2e/test_browsers.py does it again), is_observed
 * says so; Safari's and Internet Explorer's are from published descriptions.
 * Source: chromium net/base/net_error_list.h, components/ssl_errors_strings.grdp; gecko
 * certError.ftl, nsserrors.ftl; ssl.com "Troubleshooting SSL/TLS Browser Errors and Warnings"
 */
#ifndef PL_INSPECT_EXPLAIN_BROWSER_H
#define PL_INSPECT_EXPLAIN_BROWSER_H

#include "base/list.h"
#include "pki/verify.h"

enum browser { BROWSER_CHROME, BROWSER_FIREFOX, BROWSER_SAFARI, BROWSER_IE, BROWSER_COUNT };

enum browser_outcome {
    BROWSER_SHOWN,   /* the page, with a padlock */
    BROWSER_WARNED,  /* a warning that the visitor may pass */
    BROWSER_REFUSED, /* a warning without a way on */
};

enum { BROWSER_TEXT_MAX = 1280, BROWSER_SITE_MAX = 272 };

struct browser_view {
    enum browser browser;
    enum browser_outcome outcome;
    enum err_code fault;                 /* that it tells; ERR_NONE when the page is shown */
    bool is_observed;                    /* the texts were read from the browser itself */
    const char *code;                    /* "NET::ERR_CERT_DATE_INVALID"; "" where it shows none */
    const char *title;                   /* "" when the page is shown; so are the next three */
    char text[BROWSER_TEXT_MAX];         /* at once */
    char detail[BROWSER_TEXT_MAX];       /* after "Advanced" */
    char proceed[BROWSER_SITE_MAX + 32]; /* the link to go on; "" when there is none */
    char note[BROWSER_TEXT_MAX];         /* what else is to be known, in our own words; "" */
};

/* What browsers decide by. Everything is borrowed for the call. */
struct browser_input {
    const struct verify_input *input;
    const struct verdict *verdict;
    uint16_t port;       /* 0: https's own */
    bool is_public;      /* the root is one that browsers bring along */
    bool has_timestamps; /* of enough public logs */
    bool is_server;      /* what it staples is known: */
    bool has_staple;
};

/* Without a host in the input nothing is compared, and "the site" stands in the texts. */
void browser_tell(const struct browser_input *in, enum browser browser,
                  struct browser_view *out_view);

const char *browser_name(enum browser browser);                 /* "Firefox" */
const char *browser_outcome_text(enum browser_outcome outcome); /* "shown", "warning", "refused" */

/*
 * The view drawn as lines of at most BROWSER_DRAW_WIDTH columns: the address bar with its padlock,
 * then the page. Names are as found: whoever prints the lines escapes them. Fails base.oom,
 * base.limit.
 */
enum { BROWSER_DRAW_WIDTH = 78, BROWSER_DRAW_LINES_MAX = 200 };
bool browser_draw(const struct browser_input *in, const struct browser_view *view,
                  struct list *out_lines, struct err *e) PL_MUST_USE;

#endif
