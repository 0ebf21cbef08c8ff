/*
 * Random operations on a pool, against a model of its policy as pool.h and queue.h state it: who
 * works on what, in which order, and what becomes of every job.
 *
 * Time stands still but for the test, and devices give a result only when told to. So after each
 * operation it is settled what every device has in hand, and the model knows all of it. A round is
 * one pool with three devices, which open sooner or later, fail, lie and return, and whose speeds
 * change by whatever time their batches take; POOL_MODEL_OPERATIONS is how many operations there
 * are in all.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "seed.h"
#include "still_time.h"
#include "support_pool.h"

enum { MACHINES = 3, MAX_DEPTH = 3, ROUND = 400, DEFAULT_OPERATIONS = 40000 };

/* The policy's numbers. */
#define PATIENCE_TIMES 4.0 /* how often its own duration a job lets shorter ones by */
#define LARGE_CHANGE 0.5   /* of the total rate, and all due times are made anew */
#define SHORT_BATCHES 4.0  /* a shorter job has one device */
#define BATCH_SECONDS 0.01 /* support_open's */
#define FIRST_REST CLOCK_SECOND
#define LONGEST_REST (300 * CLOCK_SECOND)
#define RECOVERED (60 * CLOCK_SECOND)

struct job {
    struct call *call;
    enum pool_class class;
    unsigned bits;
    uint64_t since;
    double expected; /* hashes */
    double due;
    struct machine *owner;
    unsigned flights;
    bool live;
    bool delivered;
    enum pool_outcome outcome; /* once it is not live */
};

struct machine {
    struct fake *fake;
    size_t index;
    unsigned depth;
    bool standby;
    enum pool_device_state state; /* opening, up or resting */
    bool failed;                  /* since it was up */
    uint64_t up_since;
    uint64_t rest; /* the next one */
    uint64_t until;
    unsigned opens;
    double rate;
    bool measured;
    struct job *own;
    struct job *flights[MAX_DEPTH]; /* the oldest first */
    unsigned flying;
    unsigned submitted;
};

struct model {
    struct bench *bench;
    struct seed *seed;
    uint64_t now;
    double rate; /* that the due times are made with */
    struct machine machines[MACHINES];
    struct job jobs[MAX_CALLS]; /* in the order in which they came */
};

/* Of all rounds, to show that each kind of thing has happened. */
struct totals {
    unsigned long operations;
    unsigned long outcomes[POOL_FAILED + 1];
    unsigned long batches;
    unsigned long opens;
};

static size_t
job_count (const struct model *model)
{
    return model->bench->call_count;
}

static bool
chance (struct model *model, unsigned percent)
{
    return seed_below (model->seed, 100) < percent;
}

/* The policy. */

static bool
goes_before (const struct job *a, const struct job *b)
{
    if (a->class != b->class) {
        return a->class < b->class;
    }
    return a->due < b->due || (a->due <= b->due && a < b);
}

/* The live job that goes first, of those that a machine has to itself, or of the others. */
static struct job *
first_job (struct model *model, bool owned)
{
    struct job *first = NULL;

    for (size_t i = 0; i < job_count (model); i++) {
        struct job *job = &model->jobs[i];
        if (job->live && (job->owner != NULL) == owned &&
            (first == NULL || goes_before (job, first))) {
            first = job;
        }
    }
    return first;
}

static bool
any_live (struct model *model)
{
    return first_job (model, false) != NULL || first_job (model, true) != NULL;
}

static bool
stands_by (const struct model *model, const struct machine *machine)
{
    for (size_t i = 0; machine->standby && i < MACHINES; i++) {
        if (!model->machines[i].standby && !model->machines[i].failed) {
            return true;
        }
    }
    return false;
}

static bool
is_at_work (const struct model *model, const struct machine *machine)
{
    return machine->state == POOL_DEVICE_UP && !stands_by (model, machine);
}

static void
disown (struct machine *machine)
{
    if (machine->own != NULL) {
        machine->own->owner = NULL;
        machine->own = NULL;
    }
}

static bool
is_short (const struct machine *machine, const struct job *job)
{
    return job->expected < SHORT_BATCHES * (machine->rate * BATCH_SECONDS);
}

static struct job *
choose (struct model *model, struct machine *machine)
{
    struct job *first = first_job (model, false);

    if (stands_by (model, machine)) {
        disown (machine);
        return NULL;
    }
    if (machine->own != NULL && (first == NULL || goes_before (machine->own, first))) {
        return machine->own;
    }
    if (first == NULL) {
        return first_job (model, true);
    }
    disown (machine);
    if (is_short (machine, first)) {
        first->owner = machine;
        machine->own = first;
    }
    return first;
}

static double
rate_at_work (const struct model *model)
{
    double rate = 0;

    for (size_t i = 0; i < MACHINES; i++) {
        if (is_at_work (model, &model->machines[i])) {
            rate += model->machines[i].rate;
        }
    }
    return rate > 1 ? rate : 1;
}

static double
due (const struct job *job, double patience, double rate)
{
    return clock_seconds (job->since) + patience * (job->expected / rate);
}

/* After every change of the devices, and after a large one of their speed. */
static void
reorder (struct model *model, bool devices_changed)
{
    const double rate = rate_at_work (model);

    if (!devices_changed && fabs (rate - model->rate) < LARGE_CHANGE * model->rate) {
        return;
    }
    model->rate = rate;
    for (size_t i = 0; i < job_count (model); i++) {
        model->jobs[i].due = due (&model->jobs[i], PATIENCE_TIMES, rate);
    }
}

static size_t
places_taken (const struct model *model)
{
    size_t count = 0;

    for (size_t i = 0; i < job_count (model); i++) {
        count += !model->jobs[i].delivered || model->jobs[i].flights > 0;
    }
    return count;
}

static void
end_job (struct job *job, enum pool_outcome outcome)
{
    if (job->live) {
        job->live = false;
        job->outcome = outcome;
        if (job->owner != NULL) {
            disown (job->owner);
        }
    }
}

/* A batch has landed that something was tried of: what was measured is for the pool to say. */
static void
learn (struct model *model, struct machine *machine)
{
    const struct pool_device device = support_device (model->bench, machine->index);

    assert_true (device.rate > 0);
    assert_true (device.measured || !machine->measured);
    machine->rate = device.rate;
    machine->measured = device.measured;
    reorder (model, false);
}

static void
land (struct machine *machine)
{
    machine->flights[0]->flights--;
    machine->flying--;
    for (unsigned i = 0; i < machine->flying; i++) {
        machine->flights[i] = machine->flights[i + 1];
    }
}

/* What must hold of every choice, however it was come to. */
static void
check_choice (struct model *model, const struct job *chosen)
{
    const double patience = PATIENCE_TIMES / (1 - LARGE_CHANGE);
    const double rate = rate_at_work (model);

    for (size_t i = 0; i < job_count (model); i++) {
        const struct job *other = &model->jobs[i];
        if (other->live && other->owner == NULL) {
            assert_true (chosen->class <= other->class);
            /* Nobody who came when its patience was over already goes before it: at the speed that
             * there is now, however it was when it came. */
            assert_false (chosen->class == other->class &&
                          clock_seconds (chosen->since) > due (other, patience, rate));
        }
    }
    assert_true (chosen->live);
}

/* What the machines have taken, once all of them sleep: held back, idle or resting. */

static void
settle (void)
{
    still_time_wait_sleepers (MACHINES);
}

static void
take (struct model *model, struct machine *machine)
{
    const struct fake_log *const log = &model->bench->log;
    struct job *job;

    fake_read (machine->fake, &model->bench->log);
    while (machine->state == POOL_DEVICE_UP && machine->flying < machine->depth &&
           (job = choose (model, machine)) != NULL) {
        check_choice (model, job);
        assert_true (machine->submitted < log->submitted);
        assert_int_equal (log->batches[machine->submitted].tag, job->call->tag);
        machine->submitted++;
        job->flights++;
        machine->flights[machine->flying++] = job;
    }
}

/* Those that had nothing to do may have by now. */
static void
take_idle (struct model *model)
{
    for (size_t i = 0; i < MACHINES; i++) {
        if (model->machines[i].flying == 0) {
            take (model, &model->machines[i]);
        }
    }
}

static bool
all_failed (const struct model *model)
{
    bool failed = true;

    for (size_t i = 0; i < MACHINES; i++) {
        failed &= model->machines[i].failed;
    }
    return failed;
}

static uint64_t
rest_of (const struct model *model, const struct machine *machine)
{
    const bool recovered =
        machine->state == POOL_DEVICE_UP && model->now - machine->up_since > RECOVERED;

    return recovered ? FIRST_REST : machine->rest;
}

/* Whether the machine may fail now, at so long a rest: no two may return at one time. */
static bool
may_fail (const struct model *model, uint64_t rest)
{
    bool may = true;

    for (size_t i = 0; i < MACHINES; i++) {
        may &= model->machines[i].state != POOL_DEVICE_RESTING ||
               model->machines[i].until != model->now + rest;
    }
    return may;
}

static void
fail_machine (struct model *model, struct machine *machine)
{
    const uint64_t rest = rest_of (model, machine);

    disown (machine);
    while (machine->flying > 0) {
        land (machine);
    }
    machine->state = POOL_DEVICE_RESTING;
    machine->failed = true;
    machine->until = model->now + rest;
    machine->rest = 2 * rest < LONGEST_REST ? 2 * rest : LONGEST_REST;
    for (size_t i = 0; all_failed (model) && i < job_count (model); i++) {
        end_job (&model->jobs[i], POOL_FAILED);
    }
    reorder (model, true);
    take_idle (model);
}

/* How its next open goes: it waits until the test lets it go on, or fails, or shows a speed. */
static void
prepare_to_open (struct model *model, struct machine *machine, bool waits, bool fails)
{
    static const double rates[] = {1e4, 1e5, 1e5, 1e5, 1e6, 1e7};
    struct device *device = fake_device (machine->fake);

    device->rate = rates[seed_below (model->seed, sizeof rates / sizeof *rates)];
    device->tuned = chance (model, 30);
    fake_fail (machine->fake, fails, 0, 0);
    fake_open_waits (machine->fake, waits ? machine->opens + 1 : 0);
}

static void
begin_to_open (struct model *model, struct machine *machine)
{
    machine->opens++;
    machine->state = POOL_DEVICE_OPENING;
    reorder (model, true);
}

static void
end_to_open (struct model *model, struct machine *machine, bool fails)
{
    if (fails) {
        fail_machine (model, machine);
        return;
    }
    machine->state = POOL_DEVICE_UP;
    machine->failed = false;
    machine->up_since = model->now;
    machine->rate = fake_device (machine->fake)->rate;
    machine->measured = fake_device (machine->fake)->tuned;
    reorder (model, true);
    take (model, machine);
}

/* Operations. */

/* Where several machines are idle, only a job that all of them share: else it is chance who has it.
 */
static unsigned
random_bits (struct model *model)
{
    static const unsigned bits[] = {0,  0,  0,  0,  0,  0,  0,  4,  8,
                                    11, 13, 14, 15, 16, 17, 18, 20, IMPOSSIBLE};
    unsigned idle = 0;

    for (size_t i = 0; i < MACHINES; i++) {
        idle += is_at_work (model, &model->machines[i]) && model->machines[i].flying == 0;
    }
    return idle > 1 ? IMPOSSIBLE : bits[seed_below (model->seed, sizeof bits / sizeof *bits)];
}

/* When a job was first asked for: 0 is now, and it may yet be to come. */
static uint64_t
random_since (struct model *model)
{
    static const unsigned ranges[] = {1, 20, 400, 2000, 20000}; /* milliseconds */
    const unsigned range = ranges[seed_below (model->seed, sizeof ranges / sizeof *ranges)];
    const uint64_t back = seed_below (model->seed, range) * (CLOCK_SECOND / 1000);

    return chance (model, 50) ? 0 : model->now + CLOCK_SECOND - back;
}

static void
submit (struct model *model)
{
    struct wish wish = {random_bits (model), seed_below (model->seed, POOL_CLASSES),
                        random_since (model)};
    struct job *job = &model->jobs[job_count (model)];
    struct call *call = NULL;
    enum pool_result expected = POOL_ACCEPTED;

    if (all_failed (model)) {
        expected = POOL_DOWN;
    } else if (places_taken (model) == MAX_JOBS) {
        expected = POOL_FULL;
    }
    assert_int_equal (support_try_submit (model->bench, wish, &call), expected);
    if (expected != POOL_ACCEPTED) {
        return;
    }
    *job = (struct job){.call = call, .class = wish.class, .bits = wish.bits, .live = true};
    job->since = wish.since != 0 ? wish.since : model->now;
    job->expected = ldexp (1, (int)wish.bits);
    job->due = due (job, PATIENCE_TIMES, model->rate);
    settle ();
    take_idle (model);
}

/* Any job that has come, or one of those that have not ended. */
static struct job *
random_job (struct model *model, bool live)
{
    struct job *chosen = NULL;
    unsigned among = 0;

    for (size_t i = 0; i < job_count (model); i++) {
        if ((model->jobs[i].live || !live) && seed_below (model->seed, ++among) == 0) {
            chosen = &model->jobs[i];
        }
    }
    return chosen;
}

static void
cancel (struct model *model)
{
    struct job *job = random_job (model, chance (model, 70));

    if (job != NULL) {
        support_cancel (job->call);
        end_job (job, POOL_CANCELLED);
    }
}

static void
drain (struct model *model)
{
    pool_drain (model->bench->pool);
    for (size_t i = 0; i < job_count (model); i++) {
        model->jobs[i].delivered = !model->jobs[i].live;
    }
}

/* Gives the machine's oldest result: nothing, or the work where every nonce is one. */
static void
give_result (struct model *model, struct machine *machine)
{
    struct job *job = machine->flights[0];
    const bool finds = job->bits == 0 && chance (model, 80);
    const bool stopped = finds && !job->live; /* before it has tried anything */

    fake_behave (machine->fake, finds ? FAKE_FINDS : FAKE_NEVER);
    fake_release (machine->fake, 1);
    settle ();
    if (finds) {
        end_job (job, POOL_FOUND);
    }
    land (machine);
    if (!stopped) {
        learn (model, machine);
    }
    take (model, machine);
}

/* A hit that is none breaks the device. Where every nonce is one it is one, and where only some are
 * it is chance, which is left out. */
static void
give_false_result (struct model *model, struct machine *machine)
{
    struct job *job = machine->flights[0];

    if (job->bits > 0 && job->bits < IMPOSSIBLE) {
        return;
    }
    fake_behave (machine->fake, FAKE_LIES);
    fake_release (machine->fake, 1);
    settle ();
    if (job->bits > 0) {
        fail_machine (model, machine);
        return;
    }
    end_job (job, POOL_FOUND);
    land (machine);
    learn (model, machine);
    take (model, machine);
}

/* The batch that it takes next fails as it is submitted. */
static void
fail_to_submit (struct model *model, struct machine *machine)
{
    if (!any_live (model) || stands_by (model, machine)) {
        return;
    }
    fake_behave (machine->fake, FAKE_NEVER);
    fake_fail (machine->fake, 0, 1, 0);
    fake_release (machine->fake, 1);
    settle ();
    machine->submitted++;
    learn (model, machine);
    fail_machine (model, machine);
}

static void
fail_to_collect (struct model *model, struct machine *machine)
{
    fake_fail (machine->fake, 0, 0, 1);
    fake_release (machine->fake, 1);
    settle ();
    fail_machine (model, machine);
}

/* Lets an open that waits go on, to one end or the other. */
static void
finish_to_open (struct model *model, struct machine *machine)
{
    const bool fails = chance (model, 40) && may_fail (model, machine->rest);

    prepare_to_open (model, machine, false, fails);
    settle ();
    end_to_open (model, machine, fails);
}

static void
move_device (struct model *model)
{
    struct machine *machine = &model->machines[seed_below (model->seed, MACHINES)];
    const unsigned what = seed_below (model->seed, 200);

    if (machine->state == POOL_DEVICE_OPENING && what < 60) {
        finish_to_open (model, machine);
        return;
    }
    if (machine->flying == 0) {
        return;
    }
    if (what >= 6 || !may_fail (model, rest_of (model, machine))) {
        give_result (model, machine);
    } else if (what >= 4) {
        give_false_result (model, machine);
    } else if (what >= 2) {
        fail_to_submit (model, machine);
    } else {
        fail_to_collect (model, machine);
    }
}

/* The machine that returns first, by `limit`; or NULL. */
static struct machine *
next_to_return (struct model *model, uint64_t limit)
{
    struct machine *next = NULL;

    for (size_t i = 0; i < MACHINES; i++) {
        struct machine *machine = &model->machines[i];
        if (machine->state == POOL_DEVICE_RESTING && machine->until <= limit &&
            (next == NULL || machine->until < next->until)) {
            next = machine;
        }
    }
    return next;
}

/* Whether there is nobody to wait for but who rests. */
static bool
all_rest (const struct model *model)
{
    bool rest = true;

    for (size_t i = 0; i < MACHINES; i++) {
        rest &= model->machines[i].state == POOL_DEVICE_RESTING;
    }
    return rest;
}

/* Moves the time, up to the first return of a machine; to it, where all rest. */
static void
pass_time (struct model *model)
{
    static const unsigned limits[] = {10,    1000,    1000,     30000,
                                      30000, 1000000, 100000000}; /* microseconds */
    const unsigned limit = limits[seed_below (model->seed, sizeof limits / sizeof *limits)];
    const uint64_t until = model->now + 1000ULL * (1 + seed_below (model->seed, limit));
    struct machine *back = next_to_return (model, all_rest (model) ? UINT64_MAX : until);
    const bool waits = chance (model, 40);
    bool fails = !waits && chance (model, 20);

    model->now = back != NULL ? back->until : until;
    if (back != NULL) {
        fails = fails && may_fail (model, back->rest);
        prepare_to_open (model, back, waits, fails);
    }
    still_time_set (model->now);
    settle ();
    if (back != NULL) {
        begin_to_open (model, back);
    }
    if (back != NULL && !waits) {
        end_to_open (model, back, fails);
    }
}

/* A device fails in the last nanosecond before it counts as recovered, or in the next. */
static void
fail_about_recovery (struct model *model)
{
    struct machine *machine = &model->machines[seed_below (model->seed, MACHINES)];
    const uint64_t at = machine->up_since + RECOVERED + seed_below (model->seed, 2);

    if (machine->flying == 0 || at < model->now || next_to_return (model, at) != NULL) {
        return;
    }
    model->now = at;
    still_time_set (model->now);
    settle ();
    if (may_fail (model, rest_of (model, machine))) {
        fail_to_collect (model, machine);
    }
}

static void
operate (struct model *model)
{
    const unsigned what = seed_below (model->seed, 100);

    if (what < 30) {
        if (job_count (model) < MAX_CALLS - 1) {
            submit (model);
        }
    } else if (what < 45) {
        cancel (model);
    } else if (what < 55) {
        drain (model);
    } else if (what < 65) {
        pass_time (model);
    } else if (what < 67) {
        fail_about_recovery (model);
    } else {
        move_device (model);
    }
}

/* Comparing. */

static bool
is_same (double a, double b)
{
    return !(a < b || b < a);
}

static void
check_counts (struct model *model)
{
    struct pool_statistics expected = {0};
    struct pool_statistics seen = support_statistics (model->bench);

    for (size_t i = 0; i < job_count (model); i++) {
        const struct job *job = &model->jobs[i];
        expected.jobs += job->live;
        expected.in_class[job->class] += job->live;
        expected.running += job->live && job->flights > 0;
        expected.found += !job->live && job->outcome == POOL_FOUND;
        expected.cancelled += !job->live && job->outcome == POOL_CANCELLED;
        expected.failed += !job->live && job->outcome == POOL_FAILED;
    }
    assert_int_equal (seen.jobs, expected.jobs);
    assert_int_equal (seen.in_class[POOL_ASKED], expected.in_class[POOL_ASKED]);
    assert_int_equal (seen.in_class[POOL_AHEAD], expected.in_class[POOL_AHEAD]);
    assert_int_equal (seen.running, expected.running);
    assert_int_equal (seen.found, expected.found);
    assert_int_equal (seen.cancelled, expected.cancelled);
    assert_int_equal (seen.failed, expected.failed);
    for (size_t i = 0; i < MACHINES; i++) {
        const struct machine *machine = &model->machines[i];
        expected.hashes += support_device (model->bench, i).hashes;
        expected.rate += machine->flying > 0 && machine->measured ? machine->rate : 0;
    }
    assert_int_equal (seen.hashes, expected.hashes);
    assert_true (is_same (seen.rate, expected.rate));
}

static void
check_queue (struct model *model)
{
    struct pool_statistics expected = {0};
    struct pool_statistics seen;

    for (size_t i = 0; i < job_count (model); i++) {
        const struct job *job = &model->jobs[i];
        if (job->live && job->flights == 0) {
            expected.waiting[job->class]++;
            if (model->now > job->since) {
                expected.age[job->class] =
                    fmax (expected.age[job->class], clock_seconds (model->now - job->since));
            }
        }
    }
    pool_statistics (model->bench->pool, &seen);
    for (size_t class = 0; class < POOL_CLASSES; class ++) {
        assert_int_equal (seen.waiting[class], expected.waiting[class]);
        assert_true (fabs (seen.age[class] - expected.age[class]) < 1e-6);
    }
}

static void
check_devices (struct model *model)
{
    for (size_t i = 0; i < MACHINES; i++) {
        const struct machine *machine = &model->machines[i];
        const struct pool_device device = support_device (model->bench, i);
        enum pool_device_state state = machine->state;
        if (state == POOL_DEVICE_UP && stands_by (model, machine)) {
            state = POOL_DEVICE_STANDBY;
        }
        assert_int_equal (device.state, state);
        assert_int_equal (device.failed, machine->failed);
        assert_int_equal (device.busy, machine->flying > 0);
        assert_true (is_same (device.rate, machine->rate));
        assert_int_equal (device.measured, machine->measured);
        fake_read (machine->fake, &model->bench->log);
        assert_int_equal (model->bench->log.submitted, machine->submitted);
        assert_int_equal (model->bench->log.opens, machine->opens);
        if (machine->flying > 0) {
            assert_memory_equal (device.root, machine->flights[0]->call->target.root, 32);
        }
    }
}

/* Each ended and drained job's callback has come once, with what became of it, and no other's. */
static void
check_answers (struct model *model)
{
    for (size_t i = 0; i < job_count (model); i++) {
        const struct job *job = &model->jobs[i];
        assert_non_null (job->call);
        assert_int_equal (job->call->count, job->delivered);
        if (job->delivered) {
            assert_int_equal (job->call->answer.outcome, job->outcome);
            assert_int_equal (job->call->answer.ticket, job->call->ticket);
        }
        if (job->delivered && job->outcome == POOL_FOUND) {
            support_assert_works (job->call);
        } else if (job->delivered) {
            assert_string_equal (job->call->answer.device, "");
        }
    }
}

static void
check (struct model *model)
{
    check_counts (model);
    check_queue (model);
    check_devices (model);
    check_answers (model);
}

/* A round. */

static void
begin (struct model *model)
{
    static const char *const names[MACHINES] = {"first", "second", "third"};
    bool waits[MACHINES];
    bool fails[MACHINES];

    model->rate = 1;
    support_open (model->bench, MAX_JOBS, 0);
    for (size_t i = 0; i < MACHINES; i++) {
        struct machine *machine = &model->machines[i];
        machine->index = i;
        machine->depth = 1 + seed_below (model->seed, MAX_DEPTH);
        machine->standby = i == MACHINES - 1 && chance (model, 40);
        machine->rest = FIRST_REST;
        machine->fake = support_add_fake (
            model->bench,
            &(struct fake_settings){names[i], FAKE_NEVER, .held = true, .depth = machine->depth});
        fake_device (machine->fake)->standby = machine->standby;
        machine->rate = fake_device (machine->fake)->rate;
        waits[i] = chance (model, 40);
        fails[i] = i == 0 && !waits[i] && chance (model, 30);
        prepare_to_open (model, machine, waits[i], fails[i]);
    }
    support_start (model->bench);
    settle ();
    for (size_t i = MACHINES; i-- > 0;) {
        begin_to_open (model, &model->machines[i]);
        if (!waits[i]) {
            end_to_open (model, &model->machines[i], fails[i]);
        }
    }
}

static void
end (struct model *model, struct totals *totals)
{
    for (size_t i = 0; i < MACHINES; i++) {
        fake_behave (model->machines[i].fake, FAKE_NEVER);
        totals->batches += model->machines[i].submitted;
        totals->opens += model->machines[i].opens;
    }
    support_end (model->bench);
    for (size_t i = 0; i < job_count (model); i++) {
        end_job (&model->jobs[i], POOL_CANCELLED);
        model->jobs[i].delivered = true;
        totals->outcomes[model->jobs[i].outcome]++;
    }
    totals->operations += ROUND;
    check_answers (model);
}

static void
pool_does_what_its_model_says (void **state)
{
    uint64_t now = STILL_TIME_BEGIN;
    const char *wanted = getenv ("POOL_MODEL_OPERATIONS");
    const unsigned long operations =
        wanted != NULL ? strtoul (wanted, NULL, 0) : DEFAULT_OPERATIONS;
    struct seed seed = seed_new ();
    struct totals totals = {0};

    while (totals.operations < operations) {
        static struct model model; /* too large for a stack */
        assert_int_equal (support_set_up (state), 0);
        model = (struct model){.bench = *state, .seed = &seed, .now = now};
        begin (&model);
        check (&model);
        for (unsigned i = 0; i < ROUND; i++) {
            operate (&model);
            check (&model);
        }
        end (&model, &totals);
        now = model.now;
        assert_int_equal (support_tear_down (state), 0);
    }
    printf ("%lu operations: %lu jobs found, %lu cancelled, %lu failed; %lu batches, %lu opens\n",
            totals.operations, totals.outcomes[POOL_FOUND], totals.outcomes[POOL_CANCELLED],
            totals.outcomes[POOL_FAILED], totals.batches, totals.opens);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (pool_does_what_its_model_says),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
