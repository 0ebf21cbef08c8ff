/*
 * Which OpenCL devices there are, and which of them a list of names means. Asks the drivers, which
 * takes a while: for the start, not for an event loop. One thread at a time.
 */
#ifndef WORK_OPENCL_LIST_H
#define WORK_OPENCL_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPENCL_TEXT_SIZE 96
#define OPENCL_PCI_SIZE 16

struct opencl_api;

struct opencl_device {
    struct _cl_platform_id *platform_id;
    struct _cl_device_id *id;
    unsigned platform; /* their numbers, as the driver counts them */
    unsigned device;
    char platform_name[OPENCL_TEXT_SIZE];
    char name[OPENCL_TEXT_SIZE];
    char board[OPENCL_TEXT_SIZE]; /* what it is sold as, where `name` is a chip's; or "" */
    char vendor[OPENCL_TEXT_SIZE];
    char version[OPENCL_TEXT_SIZE]; /* of OpenCL, and what the driver adds to it */
    char driver[OPENCL_TEXT_SIZE];
    char pci[OPENCL_PCI_SIZE]; /* "0000:65:00.0", or "" when the driver does not tell */
    bool is_cpu;
    unsigned compute_units;
    uint64_t memory;    /* bytes */
    const char *defect; /* why it cannot be used, or NULL; static */
};

struct opencl_list {
    struct opencl_device *devices;
    size_t count;
    unsigned platforms;
};

/*
 * Fills `list` with every device of every platform, at least one. Returns 0, or -1 with an empty
 * list and what is wrong in `error`. A platform or device that breaks while it is asked is passed
 * over, its number not given to another.
 */
int opencl_list_read (const struct opencl_api *api, struct opencl_list *list, char *error,
                      size_t error_size);

/* Frees what opencl_list_read allocated and leaves an empty list. */
void opencl_list_clear (struct opencl_list *list);

/*
 * What the `count` entries name, one device after another as the entries stand: indices into
 * list->devices. An entry is one of
 *
 *     all              every device that is no CPU, once, though several platforms may have it
 *     PLATFORM:DEVICE  their numbers
 *     [DOMAIN:]BB:DD.F a PCI address
 *     anything else    a part of a device's, board's, vendor's or platform's name, upper and lower
 *                      case alike: all devices of which it is one
 *
 * A device that several entries name is there as often. Returns 0 and at least one index, which the
 * caller frees; or -1, having written to `error` which entry names nothing and what there is.
 */
int opencl_list_select (const struct opencl_list *list, const char *const *entries, size_t count,
                        size_t **chosen, size_t *chosen_count, char *error, size_t error_size);

#endif
