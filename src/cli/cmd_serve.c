/* padlock serve: the server, in the foreground. The work is role/serve.c's. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "role/serve.h"

#include <limits.h>

enum { NET_PROCESSES_MAX = 64 };

static bool run_serve(struct cli *cli, struct err *e) {
    uint64_t net_count = args_number(cli->args, "net-processes", 0);
    if (net_count > NET_PROCESSES_MAX) {
        return err_set(e, ERR_CLI_OPTION_VALUE, "--net-processes: at most %d", NET_PROCESSES_MAX);
    }
    uint64_t ready_fd = args_number(cli->args, "ready-fd", INT_MAX);
    const struct serve_wish wish = {.ready_fd = ready_fd >= INT_MAX ? -1 : (int)ready_fd,
                                    .has_access_log = !cli->out.is_quiet,
                                    .is_json_log = cli->out.is_json,
                                    .net_count = (uint32_t)net_count};
    return serve_run(cli->data_dir, &wish, e);
}

static const struct option serve_options[] = {
    {"net-processes", OPTION_NUMBER, "N",
     "processes that serve (else one for each processor that it may run on)"},
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
     "under way, at most ten seconds.",
     serve_options, run_serve},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
