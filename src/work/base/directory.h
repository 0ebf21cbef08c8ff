/* Directories. Any thread. */
#ifndef WORK_DIRECTORY_H
#define WORK_DIRECTORY_H

/* Makes the directory `path`, and those above it, where they are not there (mode 0700). Returns 0,
 * or -1 with errno. */
int directory_make (const char *path);

#endif
