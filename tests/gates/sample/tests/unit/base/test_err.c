/* The sample's only test. */
#include "base/err.h"

int main(void) {
    return err_set(ERR_BASE_LIMIT) ? 1 : 0;
}
