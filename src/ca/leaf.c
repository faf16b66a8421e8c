/* The description of a leaf: its end. */
#include "ca/leaf.h"

#include "base/mem.h"

void ca_leaf_clear(struct ca_leaf *leaf) {
    dn_clear(&leaf->subject);
    san_list_clear(&leaf->sans);
    mem_free(leaf->spki);
    list_clear(&leaf->notices);
    *leaf = (struct ca_leaf){0};
}
