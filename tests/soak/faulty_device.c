/*
 * Threads: run_context is a context's own. `event_lock` guards what events hold: they may be
 * released on any thread, and belong to no context. It is held across no callback.
 */
#include "faulty_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t event_lock = PTHREAD_MUTEX_INITIALIZER;

bool
faulty_device_is_told (const char *word)
{
    const char *const path = getenv ("FAULTY_OPENCL");
    FILE *const file = path != NULL ? fopen (path, "re") : NULL;
    char told[16] = "";

    if (file != NULL) {
        if (fscanf (file, "%15s", told) != 1) {
            told[0] = '\0'; /* being written */
        }
        (void)fclose (file);
    }
    return strcmp (told, word) == 0;
}

/* Events. */

void
faulty_device_hear (cl_event event, faulty_callback callback, void *data)
{
    bool ended;

    (void)pthread_mutex_lock (&event_lock);
    ended = event->ended;
    event->callback = callback;
    event->data = data;
    (void)pthread_mutex_unlock (&event_lock);
    if (ended) {
        callback (event, event->status, data);
    }
}

void
faulty_device_forget (cl_event event)
{
    bool last;

    (void)pthread_mutex_lock (&event_lock);
    last = --event->references == 0;
    (void)pthread_mutex_unlock (&event_lock);
    if (last) {
        free (event);
    }
}

/* The device's thread. */

/* What the kernel does. */
static void
scan (const struct _cl_kernel *launch)
{
    uint64_t nonce;

    if (scan_named ("portable")->scan (&launch->midstate, launch->first, launch->count, &nonce)) {
        const cl_uint found = (cl_uint)(nonce - launch->first);

        launch->found->value = found < launch->found->value ? found : launch->found->value;
    }
}

static cl_int
run_launch (const struct _cl_kernel *launch)
{
    while (faulty_device_is_told ("hang")) {
        (void)usleep (1000);
    }
    if (faulty_device_is_told ("break")) {
        return CL_OUT_OF_RESOURCES;
    }
    if (faulty_device_is_told ("lie")) {
        launch->found->value = launch->count / 2;
    } else if (faulty_device_is_told ("absurd")) {
        launch->found->value = launch->count;
    } else {
        scan (launch);
    }
    return CL_SUCCESS;
}

static void
end_event (cl_event event, cl_int status)
{
    faulty_callback callback;
    void *data;

    (void)pthread_mutex_lock (&event_lock);
    event->ended = true;
    event->status = status;
    callback = event->callback;
    data = event->data;
    (void)pthread_mutex_unlock (&event_lock);
    if (callback != NULL) {
        callback (event, status, data);
    }
    faulty_device_forget (event);
}

static void
run_command (cl_context context, struct faulty_command *command)
{
    switch (command->what) {
    case LAUNCH:
        context->status = run_launch (&command->launch);
        break;
    case READ:
        *command->to = command->buffer->value;
        end_event (command->event, context->status);
        break;
    case WRITE:
        command->buffer->value = command->value;
        break;
    }
    free (command);
}

/* The next command; NULL when the context closes and there is none. */
static struct faulty_command *
next_command (cl_context context)
{
    struct faulty_command *command;

    (void)pthread_mutex_lock (&context->lock);
    while ((command = TAILQ_FIRST (&context->commands)) == NULL && !context->closing) {
        (void)pthread_cond_wait (&context->change, &context->lock);
    }
    if (command != NULL) {
        TAILQ_REMOVE (&context->commands, command, link);
    }
    (void)pthread_mutex_unlock (&context->lock);
    return command;
}

static void *
run_context (void *data)
{
    const cl_context context = data;
    struct faulty_command *command;

    while ((command = next_command (context)) != NULL) {
        run_command (context, command);
    }
    return NULL;
}

int
faulty_device_start (cl_context context)
{
    TAILQ_INIT (&context->commands);
    SLIST_INIT (&context->buffers);
    if (pthread_mutex_init (&context->lock, NULL) != 0) {
        return -1;
    }
    if (pthread_cond_init (&context->change, NULL) != 0) {
        (void)pthread_mutex_destroy (&context->lock);
        return -1;
    }
    if (pthread_create (&context->thread, NULL, run_context, context) != 0) {
        (void)pthread_cond_destroy (&context->change);
        (void)pthread_mutex_destroy (&context->lock);
        return -1;
    }
    return 0;
}

void
faulty_device_stop (cl_context context)
{
    (void)pthread_mutex_lock (&context->lock);
    context->closing = true;
    (void)pthread_cond_signal (&context->change);
    (void)pthread_mutex_unlock (&context->lock);
    (void)pthread_join (context->thread, NULL);
    (void)pthread_cond_destroy (&context->change);
    (void)pthread_mutex_destroy (&context->lock);
}

cl_int
faulty_device_enqueue (cl_context context, const struct faulty_command *command)
{
    struct faulty_command *const copy = malloc (sizeof *copy);

    if (copy == NULL) {
        return CL_OUT_OF_HOST_MEMORY;
    }
    *copy = *command;
    (void)pthread_mutex_lock (&context->lock);
    TAILQ_INSERT_TAIL (&context->commands, copy, link);
    (void)pthread_cond_signal (&context->change);
    (void)pthread_mutex_unlock (&context->lock);
    return CL_SUCCESS;
}
