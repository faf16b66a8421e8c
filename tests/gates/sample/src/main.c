/* The sample's entry. */
#include "cli/table.h"

#include <stdio.h>

int main(void) {
    struct table table = {.rows = 1};
    return printf("%zu\n", table.rows) > 0 ? 0 : 1;
}
