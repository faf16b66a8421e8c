/* padlock serve: the server, in the foreground. The work is role/serve.c's. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "codec/uri.h"
#include "role/net.h"
#include "role/serve.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { NET_PROCESSES_MAX = 64 };

/* "No limit" is 0 for the user; for the processes that is the default. */
static struct worker_limits read_limits(const struct args *args) {
    uint64_t per_client = args_number(args, "per-client", NET_PER_CLIENT_DEFAULT);
    return (struct worker_limits){
        .connections = (uint32_t)args_number(args, "connections", NET_CONNECTIONS_DEFAULT),
        .handshakes = (uint32_t)args_number(args, "handshakes", NET_HANDSHAKES_DEFAULT),
        .per_client = per_client == 0 ? UINT32_MAX : (uint32_t)per_client};
}

static bool check_limits(const struct args *args, struct err *e) {
    static const char *const names[] = {"connections", "handshakes", "per-client"};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        uint64_t number = args_number(args, names[i], 1);
        bool may_be_none = i == 2;
        if (number > NET_LIMIT_MAX || (number == 0 && !may_be_none)) {
            return err_set(e, ERR_CLI_OPTION_VALUE, "--%s is a number from %d to %d", names[i],
                           may_be_none ? 0 : 1, NET_LIMIT_MAX);
        }
    }
    return true;
}

/* "127.0.0.1:9464", "[::1]:9464" */
static bool read_metrics(const struct args *args, union snapshot_address *out_address,
                         struct err *e) {
    const char *text = args_text(args, "metrics");
    char url[URI_AUTHORITY_SIZE];
    struct uri uri;
    *out_address = (union snapshot_address){0};
    if (text == NULL) {
        return true;
    }
    int len = snprintf(url, sizeof(url), "http://%s", text);
    if (len < 0 || (size_t)len >= sizeof(url) || !uri_parse(url, &uri, NULL) || uri.ip.len == 0 ||
        !uri.has_port || uri.path[0] != '\0') {
        (void)err_set(e, ERR_CLI_OPTION_VALUE, "--metrics is an address and a port, not \"%.100s\"",
                      text);
        return err_hint(e, "for example 127.0.0.1:9464");
    }
    if (uri.ip.len == sizeof(out_address->ip4.sin_addr)) {
        out_address->ip4.sin_family = AF_INET;
        out_address->ip4.sin_port = htons(uri.port);
        memcpy(&out_address->ip4.sin_addr, uri.ip.bytes, uri.ip.len);
    } else {
        out_address->ip6.sin6_family = AF_INET6;
        out_address->ip6.sin6_port = htons(uri.port);
        memcpy(&out_address->ip6.sin6_addr, uri.ip.bytes, uri.ip.len);
    }
    return true;
}

static bool read_proxies(const struct args *args, struct worker_proxies *out_proxies,
                         struct err *e) {
    const struct list *texts = args_many(args, "proxy-from");
    *out_proxies = (struct worker_proxies){0};
    for (size_t i = 0; texts != NULL && i < texts->count; i++) {
        if (i == WORKER_PROXIES_MAX) {
            return err_set(e, ERR_CLI_OPTION_VALUE, "--proxy-from: at most %d", WORKER_PROXIES_MAX);
        }
        if (!ip_network_parse(texts->items[i], &out_proxies->networks[i])) {
            (void)err_set(e, ERR_CLI_OPTION_VALUE, "--proxy-from: \"%.100s\" is no network",
                          texts->items[i]);
            return err_hint(e, "for example 192.0.2.0/24, 2001:db8::/32, or one address");
        }
        out_proxies->count++;
    }
    return true;
}

static bool run_serve(struct cli *cli, struct err *e) {
    uint64_t net_count = args_number(cli->args, "net-processes", 0);
    union snapshot_address metrics;
    struct worker_proxies proxies;
    if (!check_limits(cli->args, e) || !read_metrics(cli->args, &metrics, e) ||
        !read_proxies(cli->args, &proxies, e)) {
        return false;
    }
    if (net_count > NET_PROCESSES_MAX) {
        return err_set(e, ERR_CLI_OPTION_VALUE, "--net-processes: at most %d", NET_PROCESSES_MAX);
    }
    uint64_t ready_fd = args_number(cli->args, "ready-fd", INT_MAX);
    const struct serve_wish wish = {.ready_fd = ready_fd >= INT_MAX ? -1 : (int)ready_fd,
                                    .has_access_log = !cli->out.is_quiet,
                                    .is_json_log = cli->out.is_json,
                                    .fetches_from_loopback =
                                        args_flag(cli->args, "fetch-from-loopback"),
                                    .net_count = (uint32_t)net_count,
                                    .limits = read_limits(cli->args),
                                    .proxies = proxies,
                                    .metrics = metrics};
    return serve_run(cli->data_dir, &wish, e);
}

static const struct option serve_options[] = {
    {"net-processes", OPTION_NUMBER, "N",
     "processes that serve (else one for each processor that it may run on)"},
    {"connections", OPTION_NUMBER, "N",
     "connections that each process that serves has at a time (16384); beyond, idle ones give way"},
    {"per-client", OPTION_NUMBER, "N",
     "those of one client address (IPv6: /64) in each process (256; 0: no limit); loopback is not "
     "counted"},
    {"handshakes", OPTION_NUMBER, "N",
     "TLS handshakes under way at a time in each process (4096); beyond, the oldest give way"},
    {"proxy-from", OPTION_MANY, "NETWORK",
     "whose PROXY headers are believed, beside this machine's own: 192.0.2.0/24, an address"},
    {"metrics", OPTION_TEXT, "ADDRESS:PORT",
     "serve /metrics (Prometheus) and /healthz there, over plain HTTP, to whoever asks"},
    {"fetch-from-loopback", OPTION_FLAG, NULL,
     "ask OCSP responders on this machine, too; others are asked in any case"},
    {"ready-fd", OPTION_NUMBER, "N",
     "write a byte to this descriptor once it listens (for supervisors)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command serve_commands[] = {
    {"serve", "", 0, 0, COMMAND_NO_STORE, "serve every binding, until it is stopped",
     "In the foreground. Changes made by the command line meanwhile are served within a "
     "second, without a\n"
     "restart and without dropping a connection. A line a request on standard output (none "
     "with --quiet),\n"
     "events on standard error (one JSON object a line with --json). Ctrl-C or SIGTERM "
     "finishes what is\n"
     "under way, at most ten seconds.\n\n"
     "SIGUSR2 (systemctl reload padlock) starts the program anew from where it is installed, a new "
     "version for\n"
     "instance: it takes the listening sockets over, and when it serves, this one finishes and "
     "ends. No\n"
     "connection is refused; if the new one does not come to serve, this one goes on.",
     serve_options, run_serve},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
