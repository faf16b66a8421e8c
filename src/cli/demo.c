/*
 * padlock demo: the whole way once, through the same use cases that every command calls; then
 * "padlock serve" as a child process, and a verification over the wire. Ends its child in any case.
 */
#include "cli/demo.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/view.h"
#include "ops/bindings.h"
#include "ops/certs.h"
#include "ops/export.h"
#include "ops/init.h"
#include "ops/install.h"
#include "ops/issuer.h"
#include "ops/request.h"
#include "ops/sites.h"
#include "ops/submission.h"
#include "ops/verify.h"
#include "site/welcome.h"
#include "sys/file.h"

#include <openssl/obj_mac.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    NOTES_MAX = 32,
    READY_TIMEOUT_MS = 20000,
    RENEW_DAYS = 30,
    HTTPS_PORT = 8443,
    SERVICES_PORT = 8444,
    HTTP_PORT = 8080,
    METRICS_PORT = 9464,
    PATH_TEXT = 4200
};

#define DEMO_NAME "localhost"
#define DEMO_SITE "welcome"
#define DEMO_SERVICES "services"

struct demo {
    struct cli *cli;
    char data_dir[PATH_TEXT];
    uint16_t port;
    uint16_t services_port;
    uint16_t http_port;
    uint16_t metrics_port;
    pid_t server;
};

static bool demo_data_dir(const struct cli *cli, char out[PATH_TEXT], struct err *e) {
    bool is_named = args_text(cli->args, "data") != NULL || getenv("PADLOCK_DATA") != NULL;
    int len = snprintf(out, PATH_TEXT, "%s%s", cli->data_dir, is_named ? "" : "-demo");
    return (len > 0 && len < PATH_TEXT) ||
           err_set(e, ERR_BASE_LIMIT, "the data directory's path is too long");
}

static void step(const struct demo *demo, const char *what) {
    out_colored(&demo->cli->out, OUT_BOLD, "%s", what);
}

static bool make_store(struct demo *demo, struct err *e) {
    char base_url[64];
    (void)snprintf(base_url, sizeof(base_url), "http://localhost:%u", demo->http_port);
    const struct init_wish wish = {.ca_name = "Padlock Demo", .base_url = base_url};
    bool is_there = ops_store_exists(demo->data_dir);
    step(demo, is_there ? "1. the store is there from an earlier run"
                        : "1. store, sealing key, root and issuing CA: made");
    if ((!is_there && !ops_init(demo->data_dir, &wish, e)) ||
        !ops_open(demo->data_dir, &demo->cli->ops, e)) {
        return err_wrap(e, "cannot make the demo's store in \"%.300s\"", demo->data_dir);
    }
    out_field(&demo->cli->out, "data", "%s", demo->data_dir);
    return true;
}

/* A certificate that serves for another month, or NULL. */
static bool find_certificate(struct demo *demo, struct cert_row **out_row, struct err *e) {
    struct err miss = {0};
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    if (!ops_cert_pick(demo->cli->ops, DEMO_NAME, &row, &miss)) {
        return miss.code == ERR_OPS_CERT_MISSING || (*e = miss, false);
    }
    bool is_good =
        !id_is_zero(&row->key_id) && row->not_after_ms > clock_now_ms() + RENEW_DAYS * CLOCK_DAY_MS;
    *out_row = is_good ? PL_TAKE(row) : NULL;
    return true;
}

static bool request_certificate(struct demo *demo, struct request_row **out_row, struct err *e) {
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(list_clear) struct list warnings;
    list_init(&warnings, NOTES_MAX);
    const struct request_wish wish = {
        .names = &names, .key = {.family = KEY_EC, .bits = 256}, .is_exportable = true};
    return san_list_add(&names.sans, SAN_DNS, DEMO_NAME, e) &&
           san_list_add(&names.sans, SAN_IP, "127.0.0.1", e) &&
           san_list_add(&names.sans, SAN_IP, "::1", e) &&
           dn_add(&names.subject, NID_commonName, DEMO_NAME, e) &&
           ops_request_new(demo->cli->ops, &wish, &warnings, out_row, e);
}

static bool issue_certificate(struct demo *demo, const struct request_row *request,
                              struct buf *out_p7b, struct err *e) {
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    PL_AUTO(submission_row_freep) struct submission_row *submission = NULL;
    PL_AUTO(issued_row_freep) struct issued_row *issued = NULL;
    PL_AUTO(ca_leaf_clear) struct ca_leaf asked = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    const struct export_wish p7b = {.format = EXPORT_P7B};
    if (!csr_read(request->csr.data, request->csr.len, &csr, e)) {
        return false;
    }
    const struct submit_wish wish = {.csr = csr, .profile = "internal"};
    if (!ops_submit(demo->cli->ops, &wish, &submission, &asked, NULL, e) ||
        !ops_approve(demo->cli->ops, submission, &leaf, &issued, e)) {
        return false;
    }
    out_field(&demo->cli->out, "submitted", "profile %s, approved, issued", leaf.profile->name);
    return ops_export_issued(demo->cli->ops, issued, &p7b, out_p7b, e);
}

static bool make_certificate(struct demo *demo, struct cert_row **out_row, struct err *e) {
    PL_AUTO(request_row_freep) struct request_row *request = NULL;
    PL_AUTO(buf_clear) struct buf p7b = {.max = EXPORT_MAX};
    PL_AUTO(list_clear) struct list notes;
    list_init(&notes, NOTES_MAX);
    if (!find_certificate(demo, out_row, e)) {
        return false;
    }
    if (*out_row != NULL) {
        step(demo, "2. the certificate for localhost is there, and good for another month");
        return true;
    }
    step(demo, "2. a key and a CSR for localhost, through the CA, installed");
    return request_certificate(demo, &request, e) && issue_certificate(demo, request, &p7b, e) &&
           ops_install(demo->cli->ops, p7b.data, p7b.len, "localhost", &notes, out_row, e);
}

static bool write_page(const char *folder, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    PL_AUTO(buf_clear) struct buf page = {.max = 256 * 1024};
    return file_make_folder(folder, 0755, e) && file_join(folder, "index.html", &path, e) &&
           welcome_append_page(&page, "Padlock", e) &&
           file_replace(path, page.data, page.len, 0644, e);
}

/* The data directory is closed to others; the page stands beside it, where the serving user can
 * read it. */
static bool make_site(struct demo *demo, struct err *e) {
    char folder[PATH_TEXT + 16];
    PL_AUTO(site_row_freep) struct site_row *site = NULL;
    struct err miss = {0};
    (void)snprintf(folder, sizeof(folder), "%s-site", demo->data_dir);
    step(demo, "3. a site with a welcome page");
    out_field(&demo->cli->out, "folder", "%s", folder);
    return write_page(folder, e) && (ops_site_pick(demo->cli->ops, DEMO_SITE, &site, &miss) ||
                                     ops_site_add(demo->cli->ops, DEMO_SITE, folder, &site, e));
}

static bool has_ip6(void) {
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
                                          .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

/*
 * A binding of an earlier run is used again; one with an older certificate is made anew. cert: NULL
 * for http.
 */
static bool bind_at(struct demo *demo, const char *site, const char *url,
                    const struct cert_row *cert, struct err *e) {
    PL_AUTO(binding_row_freep) struct binding_row *there = NULL;
    PL_AUTO(binding_row_freep) struct binding_row *row = NULL;
    PL_AUTO(bind_plan_clear) struct bind_plan plan = {0};
    char cert_id[ID_TEXT_LEN + 1];
    struct err miss = {0};
    if (cert != NULL) {
        id_format(&cert->id, cert_id);
    }
    if (ops_bind_pick(demo->cli->ops, url, "", &there, &miss)) {
        if (cert == NULL || id_equal(&there->ec_cert_id, &cert->id)) {
            out_field(&demo->cli->out, "bound", "%s", url);
            return true;
        }
        if (!ops_bind_remove(demo->cli->ops, there, e)) {
            return false;
        }
    }
    const struct bind_wish wish = {.site = site, .url = url, .cert = cert == NULL ? NULL : cert_id};
    out_field(&demo->cli->out, "bound", "%s", url);
    return ops_bind_plan(demo->cli->ops, &wish, &plan, e) &&
           ops_bind_add(demo->cli->ops, &plan, &row, e);
}

/* Bindings of an earlier run on another port would be served too, or be busy: they go. */
static bool drop_other_ports(struct demo *demo, struct err *e) {
    const struct binding_filter filter = {0};
    const struct page page = {.limit = STORE_PAGE_MAX};
    PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
    if (!store_binding_list(ops_store(demo->cli->ops), &filter, BINDING_SORT_AGE, &page, &rows,
                            e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        const struct binding_row *row = rows.items[i];
        bool is_https = str_equal(row->scheme, "https");
        bool is_services = row->parts.count > 0;
        unsigned wanted = !is_https     ? demo->http_port
                          : is_services ? demo->services_port
                                        : demo->port;
        if (row->port != wanted && !ops_bind_remove(demo->cli->ops, rows.items[i], e)) {
            return false;
        }
    }
    return true;
}

/* At both loopback addresses. */
static bool bind_both(struct demo *demo, const char *site, const char *scheme, unsigned port,
                      const struct cert_row *cert, struct err *e) {
    char ip4[64];
    char ip6[64];
    (void)snprintf(ip4, sizeof(ip4), "%s://127.0.0.1:%u", scheme, port);
    (void)snprintf(ip6, sizeof(ip6), "%s://[::1]:%u", scheme, port);
    return bind_at(demo, site, ip4, cert, e) && (!has_ip6() || bind_at(demo, site, ip6, cert, e));
}

static bool make_bindings(struct demo *demo, const struct cert_row *cert, struct err *e) {
    step(demo, "4. bound to the loopback addresses: the site, and the services");
    return drop_other_ports(demo, e) && bind_both(demo, DEMO_SITE, "https", demo->port, cert, e) &&
           bind_both(demo, DEMO_SERVICES, "https", demo->services_port, cert, e) &&
           bind_both(demo, DEMO_SERVICES, "http", demo->http_port, NULL, e);
}

/* Waits until the server says that it listens (a byte), or ends (the pipe closes). */
static bool wait_ready(int fd, struct err *e) {
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    char byte = 0;
    int ready = 0;
    do {
        ready = poll(&waited, 1, READY_TIMEOUT_MS);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0 && read(fd, &byte, 1) == 1) {
        return true;
    }
    (void)err_set(e, ERR_CLI_DEMO_SERVER,
                  ready == 0 ? "the server did not listen in time" : "the server ended at once");
    return err_hint(
        e, "its own message is above; --https-port N, --services-port N, --http-port N and "
           "--metrics-port N take other ports");
}

static bool start_server(struct demo *demo, struct err *e) {
    int ends[2];
    step(demo, "5. serving");
    (void)fflush(stdout);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_set_errno(e, ERR_CLI_DEMO_SERVER, errno, "cannot start the server");
    }
    demo->server = fork();
    if (demo->server == 0) {
        char ready_fd[16];
        char metrics[32];
        (void)fcntl(ends[1], F_SETFD, 0); /* this end the server inherits */
        (void)snprintf(ready_fd, sizeof(ready_fd), "%d", ends[1]);
        (void)snprintf(metrics, sizeof(metrics), "127.0.0.1:%u", demo->metrics_port);
        (void)execl("/proc/self/exe", "padlock", "serve", "--data", demo->data_dir, "--ready-fd",
                    ready_fd, "--metrics", metrics, "--quiet", NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    bool ok = demo->server > 0
                  ? wait_ready(ends[0], e)
                  : err_set_errno(e, ERR_CLI_DEMO_SERVER, errno, "cannot start the server");
    (void)close(ends[0]);
    return ok;
}

static void stop_server(struct demo *demo) {
    if (demo->server > 0) {
        (void)kill(demo->server, SIGTERM);
        (void)waitpid(demo->server, NULL, 0);
        demo->server = 0;
    }
}

static bool verify(struct demo *demo, struct err *e) {
    PL_AUTO(verification_clear) struct verification v = {0};
    char target[64];
    (void)snprintf(target, sizeof(target), "127.0.0.1:%u", demo->port);
    const struct verify_wish wish = {.target = target,
                                     .host = DEMO_NAME,
                                     .roots = VERIFY_ROOTS_OWN,
                                     .at_ms = clock_now_ms(),
                                     .timeout_ms = 10000};
    step(demo, "6. verified over TLS, as a client does, against the new root");
    if (!ops_verify(demo->cli->ops, &wish, &v, e)) {
        return false;
    }
    for (size_t i = 0; i < VERIFY_CHECK_COUNT; i++) {
        const struct verify_check *check = &v.verdict.checks[i];
        out_colored(&demo->cli->out,
                    check->outcome == VERIFY_PASS   ? OUT_GREEN
                    : check->outcome == VERIFY_FAIL ? OUT_RED
                                                    : OUT_YELLOW,
                    "   %s %s: %s",
                    check->outcome == VERIFY_PASS   ? "✓"
                    : check->outcome == VERIFY_FAIL ? "✗"
                                                    : "?",
                    verify_check_name(check->id), check->sentence);
    }
    out_field(&demo->cli->out, "connection", "%s, %s, %s", v.look.version, v.look.suite,
              v.look.group);
    return v.verdict.overall == VERIFY_PASS ||
           err_set(e, ERR_CLI_DEMO_NOT_VERIFIED, "the site that is served was not verified");
}

static bool write_root(struct demo *demo, char path[PATH_TEXT + 16], struct err *e) {
    PL_AUTO(issuer_clear) struct issuer root = {0};
    PL_AUTO(buf_clear) struct buf pem = {.max = EXPORT_MAX};
    (void)snprintf(path, PATH_TEXT + 16, "%s-root.pem", demo->data_dir);
    return ops_root(demo->cli->ops, &root, e) && cert_append_pem(root.certificate, &pem, e) &&
           file_replace(path, pem.data, pem.len, 0644, e);
}

static void print_end(const struct demo *demo, const char *root_path) {
    const struct out *out = &demo->cli->out;
    out_line(out, " ");
    out_colored(out, OUT_BOLD, "https://localhost:%u/", demo->port);
    out_line(out, "CA certificates: http://localhost:%u/ca/", demo->http_port);
    out_line(out, "services:        https://localhost:%u/ (what is built of them)",
             demo->services_port);
    out_line(out, "metrics:         http://127.0.0.1:%u/metrics, /healthz", demo->metrics_port);
    out_line(out, "trust the root:  padlock trust install --data %s", demo->data_dir);
    out_line(out,
             "or only here:    curl --cacert %s "
             "https://localhost:%u/",
             root_path, demo->port);
}

/* Until the server ends or someone stops us. */
static bool wait_for_end(struct demo *demo, struct err *e) {
    int status = 0;
    out_line(&demo->cli->out, "Ctrl-C stops");
    (void)fflush(stdout);
    while (waitpid(demo->server, &status, 0) < 0 && errno == EINTR) {
    }
    demo->server = 0;
    bool is_clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return is_clean || err_set(e, ERR_CLI_DEMO_SERVER, "the server ended unexpectedly");
}

static bool walk(struct demo *demo, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *cert = NULL;
    char root_path[PATH_TEXT + 16];
    if (!make_store(demo, e) || !make_certificate(demo, &cert, e) || !make_site(demo, e) ||
        !make_bindings(demo, cert, e) || !write_root(demo, root_path, e) ||
        !start_server(demo, e) || !verify(demo, e)) {
        return false;
    }
    print_end(demo, root_path);
    bool is_once = args_flag(demo->cli->args, "once");
    return (is_once || wait_for_end(demo, e)) &&
           out_json(&demo->cli->out,
                    json_pack("{s:s, s:i, s:i, s:i, s:i, s:s}", "data", demo->data_dir,
                              "https_port", (int)demo->port, "services_port",
                              (int)demo->services_port, "http_port", (int)demo->http_port,
                              "metrics_port", (int)demo->metrics_port, "root", root_path),
                    e);
}

/* Ctrl-C reaches the server too, which ends in order; we outlive it to say so. */
static void ignore_signal(int signal_number) {
    (void)signal_number;
}

static bool read_port(const struct cli *cli, const char *option, uint64_t usual, uint16_t *out_port,
                      struct err *e) {
    uint64_t port = args_number(cli->args, option, usual);
    if (port == 0 || port > UINT16_MAX) {
        return err_set(e, ERR_CLI_OPTION_VALUE, "a port is a number from 1 to 65535");
    }
    *out_port = (uint16_t)port;
    return true;
}

bool demo_run(struct cli *cli, struct err *e) {
    struct demo demo = {.cli = cli};
    const struct sigaction quiet = {.sa_handler = ignore_signal};
    if (!read_port(cli, "https-port", HTTPS_PORT, &demo.port, e) ||
        !read_port(cli, "services-port", SERVICES_PORT, &demo.services_port, e) ||
        !read_port(cli, "http-port", HTTP_PORT, &demo.http_port, e) ||
        !read_port(cli, "metrics-port", METRICS_PORT, &demo.metrics_port, e)) {
        return false;
    }
    (void)sigaction(SIGINT, &quiet, NULL);
    bool ok = demo_data_dir(cli, demo.data_dir, e) && walk(&demo, e);
    stop_server(&demo);
    return ok;
}
