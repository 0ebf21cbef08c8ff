#include "work/store/store_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC UINT32_C (0xbeefc0de)
#define DATA_VERSION 1

#define MIN_PAGE 512
#define MAX_PAGE 32768
#define MAX_DEPTH 32

/* Flags of pages, and of nodes on leaf pages. */
#define PAGE_BRANCH 0x01
#define PAGE_LEAF 0x02
#define PAGE_META 0x08
#define PAGE_KINDS 0x2f
#define NODE_BIG 0x01  /* the data are on overflow pages, the node has their number */
#define NODE_TREE 0x02 /* the data are a tree's head */

/* The file's words are the machine's: page numbers and counts are size_t. */

struct tree {
    uint32_t pad; /* the page size, in the first tree of a header */
    uint16_t flags;
    uint16_t depth;
    size_t branch_pages;
    size_t leaf_pages;
    size_t overflow_pages;
    size_t entries;
    size_t root;
};

struct map_page {
    size_t number;
    uint16_t pad;
    uint16_t flags;
    uint16_t lower;
    uint16_t upper;
};

struct header {
    struct map_page page;
    uint32_t magic;
    uint32_t version;
    size_t address;
    size_t map_size;
    struct tree trees[2]; /* of the free pages, and the main one */
    size_t last_page;
    size_t transaction;
};

struct map_node {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint16_t low;
    uint16_t high;
#else
    uint16_t high;
    uint16_t low;
#endif
    uint16_t flags;
    uint16_t key_size;
};

struct check {
    const char *path;
    int fd;
    size_t page_size;
    size_t pages; /* whole ones in the file */
    size_t last_page;
    size_t visited;
    size_t fewest; /* pages below an inner one of the tree that is looked at */
    char *error;
    size_t error_size;
};

static int
say_damaged (const struct check *check, size_t number)
{
    snprintf (check->error, check->error_size,
              "the store %s is damaged at page %zu: remove it, and the store begins anew",
              check->path, number);
    return -1;
}

/* Whether `count` pages from `number` on are there. Returns 0, or -1 with a message. */
static int
check_range (const struct check *check, size_t number, size_t count)
{
    if (number < 2 || number > check->last_page || count > check->last_page + 1 - number) {
        return say_damaged (check, number);
    }
    if (number + count > check->pages) {
        snprintf (check->error, check->error_size,
                  "the store %s is cut off: page %zu of %zu is missing; remove it, and the store "
                  "begins anew",
                  check->path, number + count - 1, check->last_page + 1);
        return -1;
    }
    return 0;
}

/* Reads a page of a tree; `page` has room for MAX_PAGE bytes. Returns 0, or -1 with a message. */
static int
read_page (struct check *check, size_t number, uint8_t *page, struct map_page *head)
{
    if (check_range (check, number, 1) != 0) {
        return -1;
    }
    const ssize_t length =
        pread (check->fd, page, check->page_size, (off_t)(number * check->page_size));

    if (length != (ssize_t)check->page_size) {
        snprintf (check->error, check->error_size, "cannot read the store %s: %s", check->path,
                  length < 0 ? strerror (errno) : "it ends early");
        return -1;
    }
    memcpy (head, page, sizeof *head);
    if (++check->visited > check->last_page || head->number != number ||
        head->lower < sizeof *head || head->lower > head->upper || head->upper > check->page_size ||
        head->lower % 2 != 0) {
        return say_damaged (check, number);
    }
    return 0;
}

/*
 * Finds node `index` of a page. Returns its contents' first byte, within the page, with `left`
 * bytes to the page's end, or NULL.
 */
static const uint8_t *
find_node (const struct check *check, const uint8_t *page, size_t index, struct map_node *node,
           size_t *left)
{
    uint16_t offset;

    memcpy (&offset, page + sizeof (struct map_page) + 2 * index, sizeof offset);
    if (offset < sizeof (struct map_page) || offset > check->page_size - sizeof *node) {
        return NULL;
    }
    memcpy (node, page + offset, sizeof *node);
    *left = check->page_size - offset - sizeof *node;
    return page + offset + sizeof *node;
}

static int check_tree (struct check *check, const struct tree *tree, bool leaves);

/* A leaf's node: what it refers to elsewhere. */
static int
check_leaf_node (struct check *check, size_t number, const struct map_node *node,
                 const uint8_t *data, size_t left)
{
    const size_t size = node->low | (size_t)node->high << 16;
    struct tree tree;
    size_t overflow;

    if ((node->flags & NODE_BIG) != 0) {
        if (left < node->key_size + sizeof overflow) {
            return say_damaged (check, number);
        }
        memcpy (&overflow, data + node->key_size, sizeof overflow);
        return check_range (check, overflow,
                            (sizeof (struct map_page) + size + check->page_size - 1) /
                                check->page_size);
    }
    if (left < node->key_size + size) {
        return say_damaged (check, number);
    }
    if ((node->flags & NODE_TREE) == 0) {
        return 0;
    }
    if (size != sizeof tree) {
        return say_damaged (check, number);
    }
    memcpy (&tree, data + node->key_size, sizeof tree);
    return check_tree (check, &tree, false);
}

static size_t
node_count (const struct map_page *page)
{
    return (page->lower - sizeof *page) / 2;
}

/* Whether the page is of the kind that it has to be so far above the leaves, and not too empty. */
static bool
is_in_its_place (const struct check *check, const struct map_page *page, unsigned depth)
{
    const unsigned kind = page->flags & PAGE_KINDS;

    return depth == 1 ? kind == PAGE_LEAF
                      : kind == PAGE_BRANCH && node_count (page) >= check->fewest;
}

/*
 * A page and what is below it, `depth` pages down to the leaves, this one counted. Leaves are read
 * if `leaves`, else only looked for.
 */
static int
check_page (struct check *check, size_t number, unsigned depth, bool leaves)
{
    uint8_t bytes[MAX_PAGE];
    struct map_page page;
    struct map_node node;
    size_t left;

    if (depth == 1 && !leaves) {
        return check_range (check, number, 1);
    }
    if (read_page (check, number, bytes, &page) != 0) {
        return -1;
    }
    if (!is_in_its_place (check, &page, depth)) {
        return say_damaged (check, number);
    }
    for (size_t i = 0; i < node_count (&page); i++) {
        const uint8_t *const data = find_node (check, bytes, i, &node, &left);

        if (data == NULL || left < node.key_size) {
            return say_damaged (check, number);
        }
        if (depth == 1) {
            if (check_leaf_node (check, number, &node, data, left) != 0) {
                return -1;
            }
            continue;
        }
        const uint64_t below = node.low | (uint64_t)node.high << 16 | (uint64_t)node.flags << 32;

        if (check_page (check, (size_t)below, depth - 1, leaves) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
check_tree (struct check *check, const struct tree *tree, bool leaves)
{
    if (tree->root == SIZE_MAX) {
        return 0; /* empty */
    }
    if (tree->depth < 1 || tree->depth > MAX_DEPTH) {
        return say_damaged (check, tree->root);
    }
    return check_page (check, tree->root, tree->depth, leaves);
}

/* Returns 0, or -1 with a message. */
static int
read_header (const struct check *check, size_t offset, struct header *header)
{
    const ssize_t length = pread (check->fd, header, sizeof *header, (off_t)offset);

    if (length < 0) {
        snprintf (check->error, check->error_size, "cannot read the store %s: %s", check->path,
                  strerror (errno));
        return -1;
    }
    if (length != (ssize_t)sizeof *header || (header->page.flags & PAGE_KINDS) != PAGE_META ||
        header->magic != MAGIC || header->version != DATA_VERSION) {
        snprintf (check->error, check->error_size,
                  "%s is not a store, or one of another kind of machine, or its beginning is "
                  "damaged: move it away, or name another directory",
                  check->path);
        return -1;
    }
    return 0;
}

static bool
is_page_size (size_t size)
{
    return size >= MIN_PAGE && size <= MAX_PAGE && (size & (size - 1)) == 0;
}

static int
check_file (struct check *check, size_t size)
{
    struct header headers[2];

    if (read_header (check, 0, &headers[0]) != 0) {
        return -1;
    }
    check->page_size = headers[0].trees[0].pad;
    if (!is_page_size (check->page_size)) {
        return say_damaged (check, 0);
    }
    if (read_header (check, check->page_size, &headers[1]) != 0) {
        return -1;
    }
    if (headers[1].trees[0].pad != headers[0].trees[0].pad) {
        return say_damaged (check, 1);
    }
    const struct header *const newer =
        &headers[headers[1].transaction > headers[0].transaction ? 1 : 0];

    check->pages = size / check->page_size;
    check->last_page = newer->last_page;
    if (newer->last_page > SIZE_MAX / check->page_size - 1) {
        return say_damaged (check, 0);
    }
    /* The file may rightly end before its last page: one that was taken and given back within a
     * transaction is not written. So the trees are asked which pages they need. */
    check->fewest = 1;
    if (check_tree (check, &newer->trees[0], true) != 0) {
        return -1;
    }
    check->fewest = 2; /* LMDB ends the process that meets less, but in the tree of free pages */
    return check_tree (check, &newer->trees[1], true);
}

/* Whether a file of `size` bytes has no more than headers, and those were never written. */
static bool
is_blank (const struct check *check, size_t size)
{
    uint8_t bytes[2 * MAX_PAGE];

    if (size == 0) {
        return true;
    }
    if (size < sizeof (struct header) || size > sizeof bytes ||
        pread (check->fd, bytes, size, 0) != (ssize_t)size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

int
store_check (const char *path, bool *empty, char *error, size_t error_size)
{
    struct check check = {.path = path, .error = error, .error_size = error_size};
    struct stat status;
    int result;

    check.fd = open (path, O_RDONLY | O_CLOEXEC);
    *empty = check.fd < 0 && errno == ENOENT;
    if (*empty) {
        return 0;
    }
    if (check.fd < 0 || fstat (check.fd, &status) != 0) {
        snprintf (error, error_size, "cannot read the store %s: %s", path, strerror (errno));
        result = -1;
    } else if (!S_ISREG (status.st_mode)) {
        snprintf (error, error_size, "%s is not a file: move it away, or name another directory",
                  path);
        result = -1;
    } else {
        *empty = is_blank (&check, (size_t)status.st_size);
        result = *empty ? 0 : check_file (&check, (size_t)status.st_size);
    }
    if (check.fd >= 0) {
        (void)close (check.fd);
    }
    return result;
}
