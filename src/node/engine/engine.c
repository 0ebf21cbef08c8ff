#include "node/engine/engine.h"

#include <inttypes.h>

#include "node/base/log.h"
#include "node/engine/gpu.h"
#include "rpc/base/memory.h"
#include "work/base/cpus.h"
#include "work/pool/device_cpu.h"

/* OpenCL as configured. What is wrong with it stops nobody: there is the CPU. */
static void
find_gpus (struct engine *engine, const struct config *config, const char *data_path)
{
    const struct gpu_settings settings = {.config = config, .data_path = data_path};
    char text[GPU_TEXT_SIZE];

    if (!config->opencl_enable) {
        return;
    }
    engine->gpu = gpu_open (&settings, text);
    if (engine->gpu == NULL) {
        log_warn ("OpenCL is enabled (opencl.enable) but cannot be used: %s", text);
    }
    for (size_t i = 0; i < gpu_count (engine->gpu); i++) {
        gpu_describe (engine->gpu, i, text);
        log_info ("OpenCL device %s", text);
    }
}

/* As nano_node, no more threads than CPUs: more would only take turns. */
static unsigned
thread_count (const struct config *config)
{
    unsigned cpus = cpus_available ();

    if (config->work_threads <= cpus) {
        return (unsigned)config->work_threads;
    }
    log_info ("Using %u work threads, one for each CPU, not %" PRIu64 " (node.work_threads)", cpus,
              config->work_threads);
    return cpus;
}

/*
 * Beside OpenCL devices the CPU is the node's, unless somebody says otherwise: its threads only
 * stand by, for when none of those works.
 */
static void
add_devices (struct engine *engine, unsigned threads, bool standby)
{
    for (size_t i = 0; i < gpu_count (engine->gpu); i++) {
        memory_require (pool_add (engine->pool, memory_need (gpu_device (engine->gpu, i))) == 0);
    }
    for (unsigned i = 0; i < threads; i++) {
        struct device *device = memory_need (device_cpu_new (i, engine->choice.scanner));

        device->standby = standby;
        memory_require (pool_add (engine->pool, device) == 0);
    }
}

/* What is searched with. */
static void
log_engine (const struct engine *engine, const struct config *config, unsigned threads,
            bool standby)
{
    size_t devices = gpu_count (engine->gpu);

    if (devices > 0) {
        log_info ("Work pool threads: %zu (OpenCL)", devices);
    }
    if (standby) {
        log_info ("Work pool threads: 0 (CPU), because node.work_threads is not set; %u in reserve "
                  "for when no OpenCL device works",
                  threads);
    } else if (threads > 0) {
        log_info ("Work pool threads: %u (CPU, scanner %s)", threads, engine->choice.scanner->name);
        log_info ("Scanner %s: %s", engine->choice.scanner->name, engine->choice.reason);
    }
    if (config->opencl_enable && devices == 0 && threads > 0) {
        log_warn ("The CPU searches instead");
    }
}

int
engine_start (struct engine *engine, const struct config *config, const char *data_path)
{
    const struct pool_settings settings = {
        /* The broker bounds what people wait for. */
        .max_jobs = 2 * ((size_t)config->work_max_queue + ENGINE_SEARCHES_AHEAD),
        .batch_seconds = config->work_batch_time,
        .sleep = config->pow_sleep_interval,
    };
    unsigned threads = thread_count (config);
    bool standby;

    find_gpus (engine, config, data_path);
    standby = gpu_count (engine->gpu) > 0 && !config->work_threads_set;
    if (scanner_choice_make (config->work_scanner, &engine->choice) != 0) {
        log_error ("%s", engine->choice.reason);
        return -1;
    }
    engine->pool = pool_new (&settings);
    if (engine->pool != NULL) {
        add_devices (engine, threads, standby);
    }
    if (engine->pool == NULL || pool_start (engine->pool) != 0) {
        log_error ("Cannot start %u work threads: out of descriptors or threads", threads);
        return -1;
    }
    log_engine (engine, config, threads, standby);
    return 0;
}

void
engine_stop (struct engine *engine)
{
    if (engine->pool != NULL) {
        pool_stop (engine->pool);
    }
}

void
engine_clear (struct engine *engine)
{
    pool_free (engine->pool);
    gpu_free (engine->gpu);
}
