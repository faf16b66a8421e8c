/* A header without a source file of its own. */
#ifndef PL_CLI_TABLE_H
#define PL_CLI_TABLE_H

#include "pki/sample.h"

#include <stddef.h>

struct table {
    size_t rows;
    struct sample *first;
};

#endif
