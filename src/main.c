/* The program's entry: the command line, or one of the server's processes. */
#include "base/str.h"
#include "cli/cli.h"
#include "role/worker.h"
#include "sys/process.h"
#include "tls/pool.h"

int main(int argc, char **argv) {
    enum { ROLE_ARGUMENTS = 3 };
    if (argc == ROLE_ARGUMENTS && argv[1][0] == PROCESS_ROLE_MARK) {
        /* Nobody has called the TLS library yet; without the pool its memory is only slower. */
        if (str_equal(argv[1] + 1, "net")) {
            (void)!pool_use(NULL);
        }
        return worker_main(argv[1] + 1, argv[2]);
    }
    return cli_main(argc, argv);
}
