/* The welcome page: one file without scripts, fonts or addresses of others. */
#include "site/welcome.h"

#include "base/escape.h"

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
    "<style>\n"
    ":root{--ink:#14211c;--soft:#4c5b54;--ground:#f4f7f5;--card:#fff;--line:#dde6e1;"
    "--green:#0a7d55}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6efea;--soft:#a3b5ac;--ground:#0e1512;"
    "--card:#16201b;--line:#26342d;--green:#4fd09d}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;padding:2rem 1rem;"
    "background:var(--ground);color:var(--ink);"
    "font:1.0625rem/1.6 system-ui,-apple-system,\"Segoe UI\",sans-serif}\n"
    "main{width:100%;max-width:38rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:1rem;padding:clamp(1.5rem,5vw,3rem)}\n"
    "svg{display:block;width:3.5rem;height:3.5rem;color:var(--green)}\n"
    "h1{font-size:1.75rem;line-height:1.25;letter-spacing:-.01em;margin:1.25rem 0 .5rem;"
    "overflow-wrap:anywhere}\n"
    "p{margin:.5rem 0;color:var(--soft)}\n"
    "ol{list-style:none;margin:2rem 0;padding:0;border-top:1px solid var(--line)}\n"
    "li{display:flex;gap:1rem;padding:.75rem 0;border-bottom:1px solid var(--line)}\n"
    "li b{flex:0 0 6.5rem;font-weight:600}\n"
    "li span{color:var(--soft)}\n"
    "@media(max-width:30rem){li{display:block}}\n"
    "</style>\n"
    "<title>";

static const char page_middle[] =
    "</title>\n"
    "</head>\n"
    "<body>\n"
    "<main>\n"
    "<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\" focusable=\"false\">"
    "<rect x=\"5\" y=\"14\" width=\"22\" height=\"15\" rx=\"3.5\" fill=\"currentColor\"/>"
    "<path d=\"M10.5 14v-4a5.5 5.5 0 0 1 11 0v4\" fill=\"none\" stroke=\"currentColor\""
    " stroke-width=\"3\"/>"
    "<path d=\"m11.5 21.5 3 3 6-6\" fill=\"none\" stroke=\"var(--card)\" stroke-width=\"2.4\""
    " stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>\n"
    "<h1>";

static const char page_end[] =
    " is served over a connection that nobody else can read</h1>\n"
    "<p>Your browser shows no warning? Then it has found five things to be right.</p>\n"
    "<ol>\n"
    "<li><b>Dates</b><span>today lies between the certificate’s first and last day</span></li>\n"
    "<li><b>Issuer</b><span>its chain ends at a root that this computer trusts</span></li>\n"
    "<li><b>Signature</b><span>no byte of it has changed since it was issued</span></li>\n"
    "<li><b>Name</b><span>it was issued for the name in the address bar</span></li>\n"
    "<li><b>Key</b><span>this server has the private key, and has just proved it</span></li>\n"
    "</ol>\n"
    "<p>Put your own files into this site’s folder: they are here at the next click.</p>\n"
    "</main>\n"
    "</body>\n"
    "</html>\n";

bool welcome_append_page(struct buf *out, const char *site_name, struct err *e) {
    size_t len = strlen(site_name);
    return buf_append_string(out, page_head, e) &&
           escape_append(out, ESCAPE_HTML, site_name, len, e) &&
           buf_append_string(out, page_middle, e) &&
           escape_append(out, ESCAPE_HTML, site_name, len, e) &&
           buf_append_string(out, page_end, e);
}
