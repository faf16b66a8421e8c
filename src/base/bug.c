/* A defect of ours: say where and stop, so that nothing is done in a state nobody thought of. */
#include "base/compiler.h"

#include <stdlib.h>
#include <stdio.h>

void pl_bug(const char *file, int line, const char *condition) {
    (void)fprintf(stderr, "padlock: defect at %s:%d: %s\n", file, line, condition);
    abort();
}
