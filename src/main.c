/* The program's entry: cli/ does the rest. */
#include "base/compiler.h"

int main(void) {
    return 0;
}
