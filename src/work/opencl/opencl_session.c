/*
 * Threads: on_complete runs on a thread of the driver's; `lock` guards what it writes, a launch's
 * `ended` and `status`. All else is the calling thread's.
 */
#include "work/opencl/opencl_session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "work/base/clock.h"
#include "work/base/thread.h"
#include "work/opencl/opencl_program.h"

#define STANDARD "-cl-std=CL1.2"

/* Work items that a compute unit of any GPU has room for, or somewhat more. */
#define ITEMS_OF_UNIT 2048u

/* A launch has as many items as that, and then more nonces for each, up to this; then more items.
 */
#define NONCES_OF_ITEM 32u

/* A work-group: a small multiple of what devices run in step. */
#define GROUP_MOST 128u

struct launch {
    struct opencl_session *session;
    struct opencl_landing landing;
    cl_command_queue queue;
    cl_mem buffer;  /* the kernel's `found`; OPENCL_NOT_FOUND between launches */
    cl_uint found;  /* what was read of it; the driver writes this while the launch is under way */
    cl_event event; /* of that reading */
    bool ended;
    cl_int status;
};

struct opencl_session {
    struct opencl_session_settings settings;
    cl_context context;
    cl_program program;
    cl_kernel kernel;
    bool lost; /* the driver may still write to a launch */
    uint32_t group;
    uint32_t threads;                        /* the most work items, a multiple of `group` */
    struct launch launches[OPENCL_LAUNCHES]; /* a ring, oldest at `oldest` */
    unsigned oldest;
    unsigned flying;
    pthread_mutex_t lock;
    pthread_cond_t change; /* on the monotonic clock */
};

static const cl_uint not_found = OPENCL_NOT_FOUND;

/* Opening. */

/* Returns -1. */
static int
explain (const struct opencl_session *session, const char *call, cl_int result)
{
    return opencl_explain (call, result, session->settings.reason, session->settings.reason_size);
}

static int
open_context (struct opencl_session *session)
{
    const cl_context_properties properties[] = {
        CL_CONTEXT_PLATFORM, (cl_context_properties)session->settings.device->platform_id, 0};
    cl_int result = CL_SUCCESS;

    session->context = session->settings.api->clCreateContext (
        properties, 1, &session->settings.device->id, NULL, NULL, &result);
    return session->context != NULL ? 0 : explain (session, "clCreateContext", result);
}

static int
open_kernel (struct opencl_session *session)
{
    const struct opencl_session_settings *const settings = &session->settings;
    char options[512];
    const struct opencl_program wanted = {
        .api = settings->api,
        .context = session->context,
        .device = settings->device,
        .options = options,
        .cache_path = settings->cache_path,
    };
    cl_int result = CL_SUCCESS;

    (void)snprintf (options, sizeof options, "%s %s", STANDARD, settings->options);
    if (opencl_program_build (&wanted, &session->program, settings->reason,
                              settings->reason_size) != 0) {
        return -1;
    }
    session->kernel =
        session->settings.api->clCreateKernel (session->program, "nonce_scan", &result);
    return session->kernel != NULL ? 0 : explain (session, "clCreateKernel", result);
}

/* As the device likes it, but no more than the kernel's registers allow, or the user. */
static void
choose_group (struct opencl_session *session, uint64_t threads)
{
    size_t step = 1;
    size_t most = 1;

    if (session->settings.api->clGetKernelWorkGroupInfo (
            session->kernel, session->settings.device->id,
            CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, sizeof step, &step, NULL) != CL_SUCCESS ||
        step == 0) {
        step = 1;
    }
    if (session->settings.api->clGetKernelWorkGroupInfo (
            session->kernel, session->settings.device->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof most,
            &most, NULL) != CL_SUCCESS) {
        most = 1;
    }
    most = most < GROUP_MOST ? most : GROUP_MOST;
    most = most < threads ? most : (size_t)threads;
    most = most > 0 ? most : 1;
    session->group = (uint32_t)(most >= step ? most - most % step : most);
    threads = threads < OPENCL_LAUNCH_MOST / 2 ? threads : OPENCL_LAUNCH_MOST / 2;
    session->threads = (uint32_t)(threads - threads % session->group);
}

static int
open_launch (struct opencl_session *session, struct launch *launch)
{
    cl_uint initial = not_found;
    cl_int result = CL_SUCCESS;

    launch->session = session;
    launch->queue = session->settings.api->clCreateCommandQueue (
        session->context, session->settings.device->id, 0, &result);
    if (launch->queue == NULL) {
        return explain (session, "clCreateCommandQueue", result);
    }
    launch->buffer = session->settings.api->clCreateBuffer (
        session->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, sizeof initial, &initial,
        &result);
    return launch->buffer != NULL ? 0 : explain (session, "clCreateBuffer", result);
}

struct opencl_session *
opencl_session_open (const struct opencl_session_settings *settings)
{
    struct opencl_session *const session = calloc (1, sizeof *session);
    int failed;

    if (session == NULL || thread_lock_init (&session->lock, &session->change) != 0) {
        (void)snprintf (settings->reason, settings->reason_size, "out of memory");
        free (session);
        return NULL;
    }
    session->settings = *settings;
    failed = open_context (session) != 0 || open_kernel (session) != 0;
    for (unsigned i = 0; i < OPENCL_LAUNCHES && !failed; i++) {
        failed = open_launch (session, &session->launches[i]) != 0;
    }
    if (failed) {
        opencl_session_close (session, 0);
        return NULL;
    }
    choose_group (session, settings->threads);
    return session;
}

uint32_t
opencl_session_group (const struct opencl_session *session)
{
    return session->group;
}

uint32_t
opencl_session_wave (const struct opencl_session *session)
{
    const uint64_t wave = (uint64_t)session->settings.device->compute_units * ITEMS_OF_UNIT;

    return wave < session->threads ? (uint32_t)(wave - wave % session->group) : session->threads;
}

unsigned
opencl_session_flying (const struct opencl_session *session)
{
    return session->flying;
}

/* Launching. */

static void CL_CALLBACK
on_complete (cl_event event, cl_int status, void *data)
{
    struct launch *const launch = data;
    struct opencl_session *const session = launch->session;

    (void)event;
    pthread_mutex_lock (&session->lock);
    launch->status = status;
    launch->ended = true;
    pthread_cond_signal (&session->change);
    pthread_mutex_unlock (&session->lock);
}

static int
set_arguments (struct opencl_session *session, const struct launch *launch,
               const struct scan_midstate *midstate, uint64_t first, uint32_t count)
{
    const cl_ulong start = first;
    const cl_uint nonces = count;
    const struct {
        size_t size;
        const void *value;
    } arguments[] = {
        {sizeof midstate->v, midstate->v},            /* a ulong16 */
        {4 * sizeof midstate->m[0], midstate->m + 1}, /* a ulong4 */
        {sizeof midstate->flip, &midstate->flip},
        {sizeof midstate->at_least, &midstate->at_least},
        {sizeof start, &start},
        {sizeof nonces, &nonces},
        {sizeof launch->buffer, &launch->buffer},
    };
    cl_int result = CL_SUCCESS;

    for (cl_uint i = 0; i < sizeof arguments / sizeof arguments[0] && result == CL_SUCCESS; i++) {
        result = session->settings.api->clSetKernelArg (session->kernel, i, arguments[i].size,
                                                        arguments[i].value);
    }
    return result;
}

/* How many work items share `count` nonces. */
static size_t
items_of (const struct opencl_session *session, uint32_t count)
{
    const uint32_t wave = opencl_session_wave (session);
    uint32_t nonces = count / wave;
    uint32_t items;

    nonces = nonces < 1 ? 1 : nonces < NONCES_OF_ITEM ? nonces : NONCES_OF_ITEM;
    items = (count + nonces - 1) / nonces;
    items += (session->group - items % session->group) % session->group;
    return items < session->threads ? items : session->threads;
}

/* The kernel, and the reading of what it found. */
static int
enqueue (struct opencl_session *session, struct launch *launch, size_t items)
{
    const struct opencl_api *const api = session->settings.api;
    const size_t group = session->group;
    cl_int result = api->clEnqueueNDRangeKernel (launch->queue, session->kernel, 1, NULL, &items,
                                                 &group, 0, NULL, NULL);

    if (result != CL_SUCCESS) {
        return explain (session, "clEnqueueNDRangeKernel", result);
    }
    launch->ended = false;
    result =
        api->clEnqueueReadBuffer (launch->queue, launch->buffer, CL_FALSE, 0, sizeof launch->found,
                                  &launch->found, 0, NULL, &launch->event);
    if (result != CL_SUCCESS) {
        return explain (session, "clEnqueueReadBuffer", result);
    }
    result = api->clSetEventCallback (launch->event, CL_COMPLETE, on_complete, launch);
    if (result != CL_SUCCESS) {
        session->lost = true; /* nobody will say when the reading is over */
        return explain (session, "clSetEventCallback", result);
    }
    session->flying++;
    result = api->clFlush (launch->queue);
    return result == CL_SUCCESS ? 0 : explain (session, "clFlush", result);
}

int
opencl_session_launch (struct opencl_session *session, const struct scan_midstate *midstate,
                       uint64_t first, uint32_t count, void *owner)
{
    struct launch *const launch =
        &session->launches[(session->oldest + session->flying) % OPENCL_LAUNCHES];
    const cl_int result = set_arguments (session, launch, midstate, first, count);

    if (result != CL_SUCCESS) {
        return explain (session, "clSetKernelArg", result);
    }
    launch->landing = (struct opencl_landing){.owner = owner, .first = first, .count = count};
    return enqueue (session, launch, items_of (session, count));
}

/* Landing. */

/* Sleeps until the launch has ended. Returns 0, or -1 when it is lost. */
static int
wait_for (struct opencl_session *session, const struct launch *launch, double patience)
{
    const uint64_t until = clock_now () + clock_from_seconds (patience);
    int result;

    pthread_mutex_lock (&session->lock);
    while (!launch->ended && clock_now () < until) {
        thread_wait (&session->change, &session->lock, until);
    }
    session->lost = session->lost || !launch->ended;
    result = launch->ended ? 0 : -1;
    pthread_mutex_unlock (&session->lock);
    return result;
}

/* Takes the oldest launch out of flight. Returns its outcome as OpenCL names it. */
static cl_int
take_landed (struct opencl_session *session, struct opencl_landing *landing)
{
    struct launch *const launch = &session->launches[session->oldest];

    (void)session->settings.api->clReleaseEvent (launch->event);
    session->oldest = (session->oldest + 1) % OPENCL_LAUNCHES;
    session->flying--;
    *landing = launch->landing;
    landing->found = launch->found;
    if (launch->status < 0 || launch->found == OPENCL_NOT_FOUND) {
        return launch->status;
    }
    return session->settings.api->clEnqueueWriteBuffer (
        launch->queue, launch->buffer, CL_FALSE, 0, sizeof not_found, &not_found, 0, NULL, NULL);
}

int
opencl_session_land (struct opencl_session *session, double patience,
                     struct opencl_landing *landing)
{
    cl_int result;

    if (wait_for (session, &session->launches[session->oldest], patience) != 0) {
        (void)snprintf (session->settings.reason, session->settings.reason_size,
                        "no end of a launch in %.1f seconds: the device is lost", patience);
        return -1;
    }
    result = take_landed (session, landing);
    return result >= 0 ? 0 : explain (session, "a launch", result);
}

void
opencl_session_disown (struct opencl_session *session, const void *owner)
{
    for (unsigned i = 0; i < OPENCL_LAUNCHES; i++) {
        if (session->launches[i].landing.owner == owner) {
            session->launches[i].landing.owner = NULL;
        }
    }
}

/* Closing. */

static void
close_launch (struct opencl_session *session, struct launch *launch)
{
    if (launch->buffer != NULL) {
        (void)session->settings.api->clReleaseMemObject (launch->buffer);
    }
    if (launch->queue != NULL) {
        (void)session->settings.api->clReleaseCommandQueue (launch->queue);
    }
}

void
opencl_session_close (struct opencl_session *session, double patience)
{
    struct opencl_landing ignored;

    if (session == NULL) {
        return;
    }
    while (session->flying > 0 && !session->lost) {
        if (wait_for (session, &session->launches[session->oldest], patience) == 0) {
            (void)take_landed (session, &ignored);
        }
    }
    if (session->lost) {
        return;
    }
    for (unsigned i = 0; i < OPENCL_LAUNCHES; i++) {
        close_launch (session, &session->launches[i]);
    }
    if (session->kernel != NULL) {
        (void)session->settings.api->clReleaseKernel (session->kernel);
    }
    if (session->program != NULL) {
        (void)session->settings.api->clReleaseProgram (session->program);
    }
    if (session->context != NULL) {
        (void)session->settings.api->clReleaseContext (session->context);
    }
    (void)pthread_cond_destroy (&session->change);
    (void)pthread_mutex_destroy (&session->lock);
    free (session);
}
