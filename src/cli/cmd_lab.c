/* padlock lab …: servers to try clients on. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "codec/json.h"
#include "inspect/badssl/badssl.h"
#include "role/lab.h"

#include <stdio.h>

static json_t *hosts_document(uint16_t port) {
    json_t *hosts = json_array();
    for (size_t i = 0; badssl_host_at(i) != NULL; i++) {
        const struct badssl_host *host = badssl_host_at(i);
        char name[80];
        json_t *o = json_object();
        (void)snprintf(name, sizeof(name), "%s.localhost", host->name);
        bool ok = json_set_text(o, "name", host->name, NULL) &&
                  json_set_text(o, "host", name, NULL) &&
                  json_set_text(o, "about", host->about, NULL);
        if (!ok) {
            json_decref(o);
            o = NULL;
        }
        (void)json_array_append_new(hosts, o);
    }
    return port == 0 ? json_pack("{s:o}", "hosts", hosts)
                     : json_pack("{s:i, s:o}", "port", (int)port, "hosts", hosts);
}

static void print_hosts(const struct cli *cli, uint16_t port) {
    char place[8] = "";
    if (port != 0) {
        (void)snprintf(place, sizeof(place), ":%u", port);
    }
    for (size_t i = 0; badssl_host_at(i) != NULL; i++) {
        const struct badssl_host *host = badssl_host_at(i);
        char url[96];
        (void)snprintf(url, sizeof(url), "https://%s.localhost%s/", host->name, place);
        out_line(&cli->out, "%-46s %s", url, host->about);
    }
}

static void on_ready(void *ctx, uint16_t port) {
    const struct cli *cli = ctx;
    const char *root = args_text(cli->args, "root-out");
    print_hosts(cli, port);
    if (root != NULL) {
        out_line(&cli->out, "the root to trust: %s", root);
    } else {
        out_line(&cli->out, "the root to trust: http://127.0.0.1:%u/root.pem", port);
    }
    out_line(&cli->out, "ready on port %u; Ctrl-C ends it", port);
    (void)!out_json(&cli->out, hosts_document(port), NULL);
    (void)fflush(stdout);
}

static bool run_badssl(struct cli *cli, struct err *e) {
    enum { PORT_DEFAULT = 8445, PORT_MAX = 65535 };
    uint64_t port = args_number(cli->args, "port", PORT_DEFAULT);
    if (args_flag(cli->args, "list")) {
        print_hosts(cli, 0);
        return out_json(&cli->out, hosts_document(0), e);
    }
    if (port > PORT_MAX) {
        return err_set(e, ERR_CLI_OPTION_VALUE, "--port is a number from 0 to %d", PORT_MAX);
    }
    const struct lab_wish wish = {.port = (uint16_t)port,
                                  .root_path = args_text(cli->args, "root-out"),
                                  .ready = on_ready,
                                  .ctx = cli};
    return lab_badssl_run(&wish, e);
}

static const struct option badssl_options[] = {
    {"port", OPTION_NUMBER, "N", "the port on the loopback interface (8445; 0: any free one)"},
    {"root-out", OPTION_TEXT, "FILE", "write the lab's root there, for clients to trust"},
    {"list", OPTION_FLAG, NULL, "say what servers there are, and end"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command lab_commands[] = {
    {"lab badssl", "", 0, 0, COMMAND_NO_STORE,
     "serve a set of faulty servers by name, for tests and teaching",
     "One fault each: expired, wrong-host, self-signed, incomplete-chain, revoked, weak-key, … "
     "Browsers reach\n"
     "them as NAME.localhost without DNS; all keys are made anew and end with the command.\n\n"
     "  padlock lab badssl --root-out root.pem\n"
     "  padlock verify 127.0.0.1:8445 --host expired.localhost --trust root.pem",
     badssl_options, run_badssl},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
