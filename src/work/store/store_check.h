/*
 * Looks at an LMDB data file before LMDB does: LMDB maps the file, believes it, and a process dies
 * that reads a mapped page which is not there.
 */
#ifndef WORK_STORE_CHECK_H
#define WORK_STORE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Checks both headers of the file `path`, and that every page its trees name is within the file and
 * every inner page is one that names as many as LMDB insists on. Reads the inner pages: about one
 * page in a hundred. Returns 0 when it is good, or `*empty`: not there, of no size, or its headers
 * all zero, as after a loss of power before anything was written. Else -1 with a message in
 * `error`. The layout is LMDB 0.9's (mdb.c, MDB_page, MDB_meta, MDB_db, MDB_node).
 */
int store_check (const char *path, bool *empty, char *error, size_t error_size);

#endif
