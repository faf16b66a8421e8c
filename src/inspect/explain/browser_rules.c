/*
 * The table: fault → code and words, for each browser, in its own order of severity.
 *
 * Chrome: Chromium 156, Firefox: 153 ESR, with a root that the user added: each row marked true was
 * read from the browser, with one faulty server each. Rows marked false could not be: they need a
 * root that the browser brings along (transparency, validity), or a browser that does not run here.
 * Chrome says its own name where Chromium says "Chromium".
 */
/* size: table */
#include "inspect/explain/browser_rules.h"

#include "base/str.h"

/* --- Chrome --- */

#define CHROME_PROVE "This server could not prove that it is {host}; its security certificate "
#define CHROME_MAYBE                                                                               \
    " This may be caused by a misconfiguration or an attacker intercepting your connection."
#define CHROME_STOPPED                                                                             \
    "{host} normally uses encryption to protect your information. When Chrome tried to connect "   \
    "to {host} this time, the website sent back unusual and incorrect credentials. This may "      \
    "happen when an attacker is trying to pretend to be {host}, or a Wi-Fi sign-in screen has "    \
    "interrupted the connection. Your information is still secure because Chrome stopped the "     \
    "connection before any data was exchanged. You cannot visit {host} right now because "
#define CHROME_INVALID                                                                             \
    CHROME_STOPPED "the website sent scrambled credentials that Chrome cannot process. Network "   \
                   "errors and attacks are usually temporary, so this page will probably work "    \
                   "later."
#define CHROME_UNTRUSTED                                                                           \
    CHROME_PROVE "is not trusted by your computer's operating system." CHROME_MAYBE
#define CHROME_CLOCK                                                                               \
    " Your computer's clock is currently set to {weekday}. Does that look right? If not, you "     \
    "should correct your system's clock and then refresh this page."

static const struct browser_rule chrome[] = {
    {WHEN_KEY_USAGE, ERR_VERIFY_WRONG_USAGE, BROWSER_REFUSED, true,
     "ERR_SSL_KEY_USAGE_INCOMPATIBLE", ""},
    {WHEN_FAULT, ERR_VERIFY_NAME_CONSTRAINTS, BROWSER_REFUSED, true, "NET::ERR_CERT_INVALID",
     CHROME_INVALID},
    {WHEN_FAULT, ERR_VERIFY_CRITICAL_EXTENSION, BROWSER_REFUSED, true, "NET::ERR_CERT_INVALID",
     CHROME_INVALID},
    {WHEN_FAULT, ERR_VERIFY_NOT_A_CA, BROWSER_REFUSED, true, "NET::ERR_CERT_INVALID",
     CHROME_INVALID},
    {WHEN_FAULT, ERR_VERIFY_PATH_LENGTH, BROWSER_REFUSED, true, "NET::ERR_CERT_INVALID",
     CHROME_INVALID},
    {WHEN_USAGE, ERR_VERIFY_WRONG_USAGE, BROWSER_REFUSED, true, "NET::ERR_CERT_INVALID",
     CHROME_INVALID},
    {WHEN_FAULT, ERR_VERIFY_WEAK_SIGNATURE, BROWSER_REFUSED, true, "NET::ERR_CERT_INVALID",
     CHROME_INVALID},
    {WHEN_FAULT, ERR_VERIFY_POLICY, BROWSER_REFUSED, false, "NET::ERR_CERT_INVALID",
     CHROME_INVALID},
    {WHEN_FAULT, ERR_VERIFY_MALFORMED, BROWSER_REFUSED, false, "NET::ERR_CERT_INVALID",
     CHROME_INVALID},
    {WHEN_STAPLED_REVOKED, ERR_VERIFY_REVOKED, BROWSER_REFUSED, true, "NET::ERR_CERT_REVOKED",
     CHROME_STOPPED "its certificate has been revoked. Network errors and attacks are usually "
                    "temporary, so this page will probably work later."},
    {WHEN_FAULT, ERR_VERIFY_SELF_SIGNED, BROWSER_WARNED, true, "NET::ERR_CERT_AUTHORITY_INVALID",
     CHROME_UNTRUSTED},
    {WHEN_FAULT, ERR_VERIFY_UNTRUSTED, BROWSER_WARNED, true, "NET::ERR_CERT_AUTHORITY_INVALID",
     CHROME_UNTRUSTED},
    {WHEN_FAULT, ERR_VERIFY_BAD_SIGNATURE, BROWSER_WARNED, false, "NET::ERR_CERT_AUTHORITY_INVALID",
     CHROME_UNTRUSTED},
    {WHEN_HOLE, ERR_VERIFY_INCOMPLETE_CHAIN, BROWSER_WARNED, true,
     "NET::ERR_CERT_AUTHORITY_INVALID", CHROME_UNTRUSTED},
    {WHEN_FAULT, ERR_VERIFY_NO_NAMES, BROWSER_WARNED, true, "NET::ERR_CERT_COMMON_NAME_INVALID",
     CHROME_PROVE "does not specify Subject Alternative Names." CHROME_MAYBE},
    {WHEN_FAULT, ERR_VERIFY_NAME_MISMATCH, BROWSER_WARNED, true,
     "NET::ERR_CERT_COMMON_NAME_INVALID", CHROME_PROVE "is from {first}." CHROME_MAYBE},
    {WHEN_NO_TIMESTAMPS, ERR_NONE, BROWSER_WARNED, false,
     "NET::ERR_CERTIFICATE_TRANSPARENCY_REQUIRED",
     "The server presented a certificate that was not publicly disclosed using the Certificate "
     "Transparency policy. This is a requirement for some certificates, to ensure that they are "
     "trustworthy and protect against attackers."},
    {WHEN_SHORT_KEY, ERR_VERIFY_WEAK_KEY, BROWSER_WARNED, true, "NET::ERR_CERT_WEAK_KEY",
     "You attempted to reach {host}, but the server presented a certificate containing a weak "
     "key. An attacker could have broken the private key, and the server may not be the server "
     "you expected (you may be communicating with an attacker)."},
    {WHEN_FAULT, ERR_VERIFY_EXPIRED, BROWSER_WARNED, true, "NET::ERR_CERT_DATE_INVALID",
     CHROME_PROVE "expired {ago}." CHROME_MAYBE CHROME_CLOCK},
    {WHEN_FAULT, ERR_VERIFY_NOT_YET_VALID, BROWSER_WARNED, true, "NET::ERR_CERT_DATE_INVALID",
     CHROME_PROVE "is supposedly from {ahead}." CHROME_MAYBE},
    {WHEN_FAULT, ERR_VERIFY_ISSUER_EXPIRED, BROWSER_WARNED, true, "NET::ERR_CERT_DATE_INVALID",
     CHROME_PROVE "is not valid at this time." CHROME_MAYBE},
    {WHEN_FAULT, ERR_VERIFY_ISSUER_NOT_YET_VALID, BROWSER_WARNED, false,
     "NET::ERR_CERT_DATE_INVALID", CHROME_PROVE "is not valid at this time." CHROME_MAYBE},
    {WHEN_TOO_LONG, ERR_NONE, BROWSER_WARNED, false, "NET::ERR_CERT_VALIDITY_TOO_LONG",
     "You attempted to reach {host}, but the server presented a certificate whose validity period "
     "is too long to be trustworthy."},
};

/* --- Firefox --- */

#define FIREFOX_SITES                                                                              \
    "Sites use certificates issued by a certificate authority to prove they’re really who they " \
    "say they are. "
#define FIREFOX_CLOCK                                                                              \
    " If this is correct, the security issue is probably with the site itself. If it’s wrong, "  \
    "you can change it in your device’s system settings."
#define FIREFOX_EXPIRED                                                                            \
    FIREFOX_SITES                                                                                  \
    "Firefox doesn’t trust this site because it looks like the certificate expired "             \
    "on {end}. What can you do about it? Your device’s clock is set to {today}." FIREFOX_CLOCK
#define FIREFOX_EARLY                                                                                 \
    "Firefox doesn’t trust this site because it looks like the certificate provided isn’t valid " \
    "until {start}. What can you do about it? Your device’s clock is set to {moment}." FIREFOX_CLOCK
#define FIREFOX_UNKNOWN                                                                                \
    "There’s an issue with the site’s certificate. It’s possible that a bad actor is trying to " \
    "impersonate the site. " FIREFOX_SITES "Firefox doesn’t trust this site because we can’t "     \
    "tell who issued the certificate, it’s self-signed, or the site isn’t sending intermediate "   \
    "certificates we trust."
#define FIREFOX_DOMAIN                                                                                \
    "The site is set up to allow only secure connections, but there’s a problem with the site’s " \
    "certificate. It’s possible that a bad actor is trying to impersonate the "                     \
    "site. " FIREFOX_SITES "Firefox doesn’t trust this site because its certificate isn’t valid " \
    "for {site}. The certificate is only valid for: {names}."

static const struct browser_rule firefox[] = {
    {WHEN_FAULT, ERR_VERIFY_CRITICAL_EXTENSION, BROWSER_REFUSED, true,
     "SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION", "Certificate contains unknown critical extension."},
    {WHEN_FAULT, ERR_VERIFY_MALFORMED, BROWSER_REFUSED, false, "SEC_ERROR_BAD_DER",
     "security library: improperly formatted DER-encoded message."},
    {WHEN_FAULT, ERR_VERIFY_SELF_SIGNED, BROWSER_WARNED, true,
     "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT",
     "Because there’s an issue with the site’s certificate. " FIREFOX_SITES
     "This site’s certificate is self-signed. It wasn’t issued by a recognized certificate "
     "authority – so we don’t trust it by default."},
    {WHEN_FAULT, ERR_VERIFY_CA_AS_LEAF, BROWSER_WARNED, true,
     "MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY", ""},
    {WHEN_FAULT, ERR_VERIFY_NAME_CONSTRAINTS, BROWSER_REFUSED, true,
     "SEC_ERROR_CERT_NOT_IN_NAME_SPACE",
     "The Certifying Authority for this certificate is not permitted to issue a certificate with "
     "this name."},
    {WHEN_NOT_SIGNER, ERR_VERIFY_NOT_A_CA, BROWSER_REFUSED, true, "SEC_ERROR_INADEQUATE_KEY_USAGE",
     "Certificate key usage inadequate for attempted operation."},
    {WHEN_FAULT, ERR_VERIFY_NOT_A_CA, BROWSER_WARNED, true, "SEC_ERROR_CA_CERT_INVALID",
     "The owner of {site} hasn’t set it up properly and a secure connection can’t be created."},
    {WHEN_FAULT, ERR_VERIFY_PATH_LENGTH, BROWSER_REFUSED, true,
     "SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID", "Certificate path length constraint is invalid."},
    {WHEN_NO_TLS_KEY, ERR_VERIFY_WRONG_USAGE, BROWSER_REFUSED, false,
     "SEC_ERROR_INADEQUATE_KEY_USAGE", "Certificate key usage inadequate for attempted operation."},
    {WHEN_USAGE, ERR_VERIFY_WRONG_USAGE, BROWSER_REFUSED, true, "SEC_ERROR_INADEQUATE_CERT_TYPE",
     "Certificate type not approved for application."},
    {WHEN_FAULT, ERR_VERIFY_BAD_SIGNATURE, BROWSER_REFUSED, false, "SEC_ERROR_BAD_SIGNATURE",
     "Peer’s certificate has an invalid signature."},
    {WHEN_FAULT, ERR_VERIFY_UNTRUSTED, BROWSER_WARNED, true, "SEC_ERROR_UNKNOWN_ISSUER",
     FIREFOX_UNKNOWN},
    {WHEN_HOLE_ANYWAY, ERR_VERIFY_INCOMPLETE_CHAIN, BROWSER_WARNED, true,
     "SEC_ERROR_UNKNOWN_ISSUER", FIREFOX_UNKNOWN},
    {WHEN_OCSP_REVOKED, ERR_VERIFY_REVOKED, BROWSER_REFUSED, true, "SEC_ERROR_REVOKED_CERTIFICATE",
     "Firefox is warning you about this site because the certificate provided for {site} has been "
     "revoked and isn’t trusted anymore."},
    {WHEN_FAULT, ERR_VERIFY_WEAK_SIGNATURE, BROWSER_WARNED, true,
     "SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED",
     "The certificate is not trusted because it was signed using a signature algorithm that was "
     "disabled because that algorithm is not secure."},
    {WHEN_SHORT_KEY, ERR_VERIFY_WEAK_KEY, BROWSER_WARNED, true,
     "MOZILLA_PKIX_ERROR_INADEQUATE_KEY_SIZE", ""},
    {WHEN_NO_TIMESTAMPS, ERR_NONE, BROWSER_WARNED, false,
     "MOZILLA_PKIX_ERROR_INSUFFICIENT_CERTIFICATE_TRANSPARENCY",
     "Firefox doesn’t trust this site because it couldn’t prove it meets public certificate "
     "transparency requirements."},
    {WHEN_FAULT, ERR_VERIFY_NO_NAMES, BROWSER_WARNED, true, "SSL_ERROR_BAD_CERT_DOMAIN",
     FIREFOX_DOMAIN},
    {WHEN_FAULT, ERR_VERIFY_NAME_MISMATCH, BROWSER_WARNED, true, "SSL_ERROR_BAD_CERT_DOMAIN",
     FIREFOX_DOMAIN},
    {WHEN_FAULT, ERR_VERIFY_ISSUER_EXPIRED, BROWSER_WARNED, true,
     "SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE", FIREFOX_EXPIRED},
    {WHEN_FAULT, ERR_VERIFY_ISSUER_NOT_YET_VALID, BROWSER_WARNED, false,
     "MOZILLA_PKIX_ERROR_NOT_YET_VALID_ISSUER_CERTIFICATE", FIREFOX_EARLY},
    {WHEN_FAULT, ERR_VERIFY_EXPIRED, BROWSER_WARNED, true, "SEC_ERROR_EXPIRED_CERTIFICATE",
     FIREFOX_EXPIRED},
    {WHEN_FAULT, ERR_VERIFY_NOT_YET_VALID, BROWSER_WARNED, true,
     "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE", FIREFOX_EARLY},
    {WHEN_NO_STAPLE, ERR_NONE, BROWSER_REFUSED, true,
     "MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING", ""},
};

/* --- Safari: one page for everything, no code --- */

#define SAFARI_DETAIL(what)                                                                        \
    "Safari warns you when a website has " what ". This may happen if the website is "             \
    "misconfigured or an attacker has compromised your connection. To learn more, you can view "   \
    "the certificate. If you understand the risks involved, you can visit this website."
#define SAFARI_INVALID SAFARI_DETAIL("a certificate that is not valid")

static const struct browser_rule safari[] = {
    {WHEN_FAULT, ERR_VERIFY_EXPIRED, BROWSER_WARNED, false, "",
     SAFARI_DETAIL("an expired certificate")},
    {WHEN_FAULT, ERR_VERIFY_REVOKED, BROWSER_REFUSED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_SELF_SIGNED, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_UNTRUSTED, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_HOLE, ERR_VERIFY_INCOMPLETE_CHAIN, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_NO_NAMES, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_NAME_MISMATCH, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_NOT_YET_VALID, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_ISSUER_EXPIRED, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_ISSUER_NOT_YET_VALID, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_BAD_SIGNATURE, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_WEAK_SIGNATURE, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_WEAK_KEY, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_WRONG_USAGE, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_NOT_A_CA, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_PATH_LENGTH, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_NAME_CONSTRAINTS, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_CRITICAL_EXTENSION, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_POLICY, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_FAULT, ERR_VERIFY_MALFORMED, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_NO_TIMESTAMPS, ERR_NONE, BROWSER_WARNED, false, "", SAFARI_INVALID},
    {WHEN_TOO_LONG, ERR_NONE, BROWSER_WARNED, false, "", SAFARI_INVALID},
};

/* --- Internet Explorer, the article's: each fault is a line --- */

#define IE_ISSUER                                                                                  \
    "The security certificate presented by this website was not issued by a trusted certificate "  \
    "authority."
#define IE_NAME                                                                                    \
    "The security certificate presented by this website was issued for a different website's "     \
    "address."
#define IE_DATE                                                                                    \
    "The security certificate presented by this website has expired or is not yet valid."

static const struct browser_rule ie[] = {
    {WHEN_FAULT, ERR_VERIFY_REVOKED, BROWSER_REFUSED, false, "DLG_FLAGS_SEC_CERT_REVOKED",
     "This organization's certificate has been revoked."},
    {WHEN_FAULT, ERR_VERIFY_SELF_SIGNED, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA", IE_ISSUER},
    {WHEN_FAULT, ERR_VERIFY_UNTRUSTED, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA", IE_ISSUER},
    {WHEN_HOLE, ERR_VERIFY_INCOMPLETE_CHAIN, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA",
     IE_ISSUER},
    {WHEN_FAULT, ERR_VERIFY_BAD_SIGNATURE, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA",
     IE_ISSUER},
    {WHEN_FAULT, ERR_VERIFY_WRONG_USAGE, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA", IE_ISSUER},
    {WHEN_FAULT, ERR_VERIFY_NOT_A_CA, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA", IE_ISSUER},
    {WHEN_FAULT, ERR_VERIFY_PATH_LENGTH, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA", IE_ISSUER},
    {WHEN_FAULT, ERR_VERIFY_NAME_CONSTRAINTS, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA",
     IE_ISSUER},
    {WHEN_FAULT, ERR_VERIFY_CRITICAL_EXTENSION, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA",
     IE_ISSUER},
    {WHEN_FAULT, ERR_VERIFY_MALFORMED, BROWSER_WARNED, false, "DLG_FLAGS_INVALID_CA", IE_ISSUER},
    {WHEN_FAULT, ERR_VERIFY_EXPIRED, BROWSER_WARNED, false, "DLG_FLAGS_SEC_CERT_DATE_INVALID",
     IE_DATE},
    {WHEN_FAULT, ERR_VERIFY_NOT_YET_VALID, BROWSER_WARNED, false, "DLG_FLAGS_SEC_CERT_DATE_INVALID",
     IE_DATE},
    {WHEN_FAULT, ERR_VERIFY_ISSUER_EXPIRED, BROWSER_WARNED, false,
     "DLG_FLAGS_SEC_CERT_DATE_INVALID", IE_DATE},
    {WHEN_FAULT, ERR_VERIFY_ISSUER_NOT_YET_VALID, BROWSER_WARNED, false,
     "DLG_FLAGS_SEC_CERT_DATE_INVALID", IE_DATE},
    {WHEN_FAULT, ERR_VERIFY_NAME_MISMATCH, BROWSER_WARNED, false, "DLG_FLAGS_SEC_CERT_CN_INVALID",
     IE_NAME},
    {WHEN_NO_NAME_FITS, ERR_VERIFY_NO_NAMES, BROWSER_WARNED, false, "DLG_FLAGS_SEC_CERT_CN_INVALID",
     IE_NAME},
};

const struct browser_kind browser_kinds[BROWSER_COUNT] = {
    [BROWSER_CHROME] = {.name = "Chrome",
                        .rules = chrome,
                        .rule_count = PL_ARRAY_LEN(chrome),
                        .title = "Your connection is not private",
                        .text = "Attackers might be trying to steal your information from {host} "
                                "(for example, passwords, messages, or credit cards).",
                        .proceed = "Proceed to {host} (unsafe)"},
    [BROWSER_FIREFOX] = {.name = "Firefox",
                         .rules = firefox,
                         .rule_count = PL_ARRAY_LEN(firefox),
                         .title = "Be careful. Something doesn’t look right.",
                         .text = "Firefox spotted a potentially serious security issue with "
                                 "{site}. Someone pretending to be the site could try to steal "
                                 "things like credit card info, passwords, or emails.",
                         .proceed = "Proceed to {site} (Risky)"},
    [BROWSER_SAFARI] = {.name = "Safari",
                        .rules = safari,
                        .rule_count = PL_ARRAY_LEN(safari),
                        .title = "This Connection Is Not Private",
                        .text = "This website may be impersonating “{host}” to steal your "
                                "personal or financial information. You should go back to the "
                                "previous page.",
                        .proceed = "visit this website"},
    [BROWSER_IE] = {.name = "Internet Explorer",
                    .rules = ie,
                    .rule_count = PL_ARRAY_LEN(ie),
                    .title = "There is a problem with this website's security certificate.",
                    .text = "Security certificate problems may indicate an attempt to fool you or "
                            "intercept any data you send to the server. We recommend that you "
                            "close this webpage and do not continue to this website.",
                    .proceed = "Continue to this website (not recommended).",
                    .is_telling_all = true},
};

/* What it showed for everything until 2025, and shows for some faults still. */
#define FIREFOX_OLD_TITLE "Warning: Potential Security Risk Ahead"
#define FIREFOX_OLD_TEXT                                                                           \
    "Firefox detected a potential security threat and did not continue to {site}. If you visit "   \
    "this site, attackers could try to steal information like your passwords, emails, or credit "  \
    "card details."

static const struct browser_page pages[] = {
    {"ERR_SSL_KEY_USAGE_INCOMPATIBLE", "This site can’t be reached",
     "The webpage at https://{site}/ might be temporarily down or it may have moved permanently "
     "to a new web address."},
    {"MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY", FIREFOX_OLD_TITLE, FIREFOX_OLD_TEXT},
    {"MOZILLA_PKIX_ERROR_INADEQUATE_KEY_SIZE", FIREFOX_OLD_TITLE, FIREFOX_OLD_TEXT},
    {"MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING", "Secure Connection Failed",
     "The page you are trying to view cannot be shown because the authenticity of the received "
     "data could not be verified."},
};

const struct browser_page *browser_page_of(const char *code) {
    for (size_t i = 0; i < PL_ARRAY_LEN(pages); i++) {
        if (str_equal(pages[i].code, code)) {
            return &pages[i];
        }
    }
    return NULL;
}
