#include "work/opencl/opencl_list.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/base/number.h"
#include "work/opencl/opencl_api.h"

/* More than any machine has; a driver that says otherwise is not believed. */
#define PLATFORMS_MOST 64
#define DEVICES_MOST 256

/* Of a text that a driver tells; a longer one is left out. */
#define ANSWER_SIZE 1024

/* What drivers tell of the bus, by their vendors' extensions. */
#define PCI_BUS_INFO_KHR 0x410F
#define PCI_BUS_ID_NV 0x4008
#define PCI_SLOT_ID_NV 0x4009
#define PCI_DOMAIN_ID_NV 0x400A
#define TOPOLOGY_AMD 0x4037
#define BOARD_NAME_AMD 0x4038

/* Asking. */

/* Drivers pad names with blanks. */
static void
trim (char *text)
{
    size_t length = strlen (text);
    const size_t blanks = strspn (text, " \t");

    memmove (text, text + blanks, length - blanks + 1);
    for (length -= blanks; length > 0 && isspace ((unsigned char)text[length - 1]); length--) {
        text[length - 1] = '\0';
    }
}

/* Cuts an answer of bytes to what fits; "" when there is none. */
static void
take_text (cl_int result, const char *answer, size_t length, char *text, size_t size)
{
    const bool whole = result == CL_SUCCESS && length <= ANSWER_SIZE;

    (void)snprintf (text, size, "%.*s", (int)(!whole ? 0 : length < size ? length : size), answer);
    for (char *c = text; *c != '\0'; c++) {
        *c = (char)(iscntrl ((unsigned char)*c) ? ' ' : *c);
    }
    trim (text);
}

static void
platform_text (const struct opencl_api *api, cl_platform_id platform, cl_platform_info what,
               char *text, size_t size)
{
    char answer[ANSWER_SIZE];
    size_t length = 0;
    const cl_int result = api->clGetPlatformInfo (platform, what, sizeof answer, answer, &length);

    take_text (result, answer, length, text, size);
}

static void
device_text (const struct opencl_api *api, cl_device_id device, cl_device_info what, char *text,
             size_t size)
{
    char answer[ANSWER_SIZE];
    size_t length = 0;
    const cl_int result = api->clGetDeviceInfo (device, what, sizeof answer, answer, &length);

    take_text (result, answer, length, text, size);
}

/* A whole answer of exactly `size` bytes. */
static bool
device_value (const struct opencl_api *api, cl_device_id device, cl_device_info what, void *value,
              size_t size)
{
    size_t length = 0;

    return api->clGetDeviceInfo (device, what, size, value, &length) == CL_SUCCESS &&
           length == size;
}

static void
take_pci (struct opencl_device *device, unsigned domain, unsigned bus, unsigned slot,
          unsigned function)
{
    (void)snprintf (device->pci, sizeof device->pci, "%04x:%02x:%02x.%x", domain & 0xffff,
                    bus & 0xff, slot & 0x1f, function & 7);
}

static void
ask_pci (const struct opencl_api *api, struct opencl_device *device)
{
    cl_uint khronos[4];         /* domain, bus, device, function */
    unsigned char topology[24]; /* a 32-bit type, 1 for PCIe; 17 bytes; bus, device, function */
    cl_uint type;
    cl_uint bus;
    cl_uint slot;
    cl_uint domain = 0;

    if (device_value (api, device->id, PCI_BUS_INFO_KHR, khronos, sizeof khronos)) {
        take_pci (device, khronos[0], khronos[1], khronos[2], khronos[3]);
    } else if (device_value (api, device->id, PCI_BUS_ID_NV, &bus, sizeof bus) &&
               device_value (api, device->id, PCI_SLOT_ID_NV, &slot, sizeof slot)) {
        (void)device_value (api, device->id, PCI_DOMAIN_ID_NV, &domain, sizeof domain);
        take_pci (device, domain, bus, slot >> 3, slot & 7);
    } else if (device_value (api, device->id, TOPOLOGY_AMD, topology, sizeof topology)) {
        memcpy (&type, topology, sizeof type);
        if (type == 1) {
            take_pci (device, 0, topology[21], topology[22], topology[23]);
        }
    }
}

static const char *
defect_of (const struct opencl_api *api, cl_device_id device)
{
    cl_bool available = CL_TRUE;
    cl_bool compiler = CL_TRUE;
    cl_bool little = CL_TRUE;

    (void)device_value (api, device, CL_DEVICE_AVAILABLE, &available, sizeof available);
    (void)device_value (api, device, CL_DEVICE_COMPILER_AVAILABLE, &compiler, sizeof compiler);
    (void)device_value (api, device, CL_DEVICE_ENDIAN_LITTLE, &little, sizeof little);
    if (!available) {
        return "its driver reports it as unavailable";
    }
    if (!compiler) {
        return "its driver has no compiler";
    }
    return little ? NULL : "it is big-endian";
}

static void
ask_device (const struct opencl_api *api, struct opencl_device *device)
{
    cl_device_type type = 0;
    cl_uint units = 1;
    cl_ulong memory = 0;

    platform_text (api, device->platform_id, CL_PLATFORM_NAME, device->platform_name,
                   sizeof device->platform_name);
    device_text (api, device->id, CL_DEVICE_NAME, device->name, sizeof device->name);
    device_text (api, device->id, BOARD_NAME_AMD, device->board, sizeof device->board);
    device_text (api, device->id, CL_DEVICE_VENDOR, device->vendor, sizeof device->vendor);
    device_text (api, device->id, CL_DEVICE_VERSION, device->version, sizeof device->version);
    device_text (api, device->id, CL_DRIVER_VERSION, device->driver, sizeof device->driver);
    (void)device_value (api, device->id, CL_DEVICE_TYPE, &type, sizeof type);
    (void)device_value (api, device->id, CL_DEVICE_MAX_COMPUTE_UNITS, &units, sizeof units);
    (void)device_value (api, device->id, CL_DEVICE_GLOBAL_MEM_SIZE, &memory, sizeof memory);
    device->is_cpu = (type & CL_DEVICE_TYPE_CPU) != 0;
    device->compute_units = units > 0 ? units : 1;
    device->memory = memory;
    device->defect = defect_of (api, device->id);
    ask_pci (api, device);
}

/* Adds a platform's devices. Returns 0, or -1 for want of memory. */
static int
add_devices (const struct opencl_api *api, struct opencl_list *list, cl_platform_id platform,
             unsigned number)
{
    cl_device_id ids[DEVICES_MOST];
    cl_uint count = 0;
    struct opencl_device *devices;

    if (api->clGetDeviceIDs (platform, CL_DEVICE_TYPE_ALL, DEVICES_MOST, ids, &count) !=
            CL_SUCCESS ||
        count == 0) {
        return 0;
    }
    count = count < DEVICES_MOST ? count : DEVICES_MOST;
    devices = realloc (list->devices, (list->count + count) * sizeof *devices);
    if (devices == NULL) {
        return -1;
    }
    list->devices = devices;
    for (cl_uint i = 0; i < count; i++) {
        struct opencl_device *const device = &devices[list->count++];

        *device = (struct opencl_device){
            .platform_id = platform, .id = ids[i], .platform = number, .device = i};
        ask_device (api, device);
    }
    return 0;
}

static int
complain_none (unsigned platforms, char *error, size_t error_size)
{
    if (platforms == 0) {
        (void)snprintf (error, error_size,
                        "no OpenCL platform on this machine: is the GPU's OpenCL driver "
                        "installed, and listed in /etc/OpenCL/vendors?");
    } else {
        (void)snprintf (error, error_size,
                        "%u OpenCL platform%s on this machine, but no device: is there a GPU, may "
                        "this user open it, and can its driver write below HOME?",
                        platforms, platforms == 1 ? "" : "s");
    }
    return -1;
}

int
opencl_list_read (const struct opencl_api *api, struct opencl_list *list, char *error,
                  size_t error_size)
{
    cl_platform_id platforms[PLATFORMS_MOST];
    cl_uint count = 0;
    cl_int result;

    *list = (struct opencl_list){.devices = NULL};
    result = api->clGetPlatformIDs (PLATFORMS_MOST, platforms, &count);
    if (result != CL_SUCCESS && result != -1001) {
        return opencl_explain ("clGetPlatformIDs", result, error, error_size);
    }
    list->platforms = result != CL_SUCCESS ? 0 : count < PLATFORMS_MOST ? count : PLATFORMS_MOST;
    for (unsigned i = 0; i < list->platforms; i++) {
        if (add_devices (api, list, platforms[i], i) != 0) {
            opencl_list_clear (list);
            (void)snprintf (error, error_size, "out of memory");
            return -1;
        }
    }
    return list->count > 0 ? 0 : complain_none (list->platforms, error, error_size);
}

void
opencl_list_clear (struct opencl_list *list)
{
    free (list->devices);
    *list = (struct opencl_list){.devices = NULL};
}

/* Choosing. */

/* Reads "12:3". */
static bool
read_numbers (const char *text, uint64_t *platform, uint64_t *device)
{
    const char *const colon = strchr (text, ':');
    char first[16];

    if (colon == NULL || colon - text >= (ptrdiff_t)sizeof first) {
        return false;
    }
    (void)snprintf (first, sizeof first, "%.*s", (int)(colon - text), text);
    return number_parse_unsigned (first, 0, UINT32_MAX, platform) == 0 &&
           number_parse_unsigned (colon + 1, 0, UINT32_MAX, device) == 0;
}

static bool
is_pci (const char *text)
{
    return strchr (text, ':') != NULL && strchr (text, '.') != NULL &&
           strspn (text, "0123456789abcdefABCDEF:.") == strlen (text);
}

/* The domain may be left out. */
static bool
has_pci (const struct opencl_device *device, const char *text)
{
    const size_t length = strlen (text);
    const size_t own = strlen (device->pci);

    return own > 0 && (length == own || length + strlen ("0000:") == own) &&
           strcasecmp (device->pci + own - length, text) == 0;
}

static bool
has_name (const struct opencl_device *device, const char *text)
{
    return strcasestr (device->name, text) != NULL || strcasestr (device->board, text) != NULL ||
           strcasestr (device->vendor, text) != NULL ||
           strcasestr (device->platform_name, text) != NULL;
}

/* Whether an earlier one is the same device, seen through another platform. */
static bool
is_seen_before (const struct opencl_list *list, size_t index)
{
    const char *const pci = list->devices[index].pci;

    for (size_t i = 0; i < index && pci[0] != '\0'; i++) {
        if (!list->devices[i].is_cpu && list->devices[i].defect == NULL &&
            strcmp (list->devices[i].pci, pci) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_named (const struct opencl_list *list, size_t index, const char *entry)
{
    const struct opencl_device *const device = &list->devices[index];
    uint64_t platform;
    uint64_t number;

    if (strcmp (entry, "all") == 0) {
        return !device->is_cpu && device->defect == NULL && !is_seen_before (list, index);
    }
    if (read_numbers (entry, &platform, &number)) {
        return device->platform == platform && device->device == number;
    }
    return is_pci (entry) ? has_pci (device, entry) : has_name (device, entry);
}

__attribute__ ((format (printf, 4, 5))) static void
append (char *text, size_t size, size_t *length, const char *format, ...)
{
    va_list arguments;
    int added;

    va_start (arguments, format);
    added = vsnprintf (text + *length, size - *length, format, arguments);
    va_end (arguments);
    *length += added > 0 ? (size_t)added : 0;
    *length = *length < size ? *length : size - 1;
}

static int
complain_unknown (const struct opencl_list *list, const char *entry, char *error, size_t size)
{
    size_t length = 0;

    append (error, size, &length, "\"%s\" matches no OpenCL device%s", entry,
            strcmp (entry, "all") == 0
                ? " (\"all\" does not include CPUs: Workpeer's own threads are faster there)"
                : "");
    for (size_t i = 0; i < list->count; i++) {
        const struct opencl_device *const device = &list->devices[i];

        append (error, size, &length, "%s \"%u:%u\" %s%s%s", i == 0 ? "; there is" : ",",
                device->platform, device->device, device->name,
                device->pci[0] != '\0' ? " at " : "", device->pci);
    }
    return -1;
}

int
opencl_list_select (const struct opencl_list *list, const char *const *entries, size_t count,
                    size_t **chosen, size_t *chosen_count, char *error, size_t error_size)
{
    size_t *const indices = calloc (list->count * count + 1, sizeof *indices);
    size_t used = 0;

    if (indices == NULL) {
        (void)snprintf (error, error_size, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t before = used;

        for (size_t j = 0; j < list->count; j++) {
            if (is_named (list, j, entries[i])) {
                indices[used++] = j;
            }
        }
        if (used == before) {
            free (indices);
            return complain_unknown (list, entries[i], error, error_size);
        }
    }
    *chosen = indices;
    *chosen_count = used;
    return 0;
}
