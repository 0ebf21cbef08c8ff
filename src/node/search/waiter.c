#include "node/search/waiter.h"

#include <stdlib.h>

#include "rpc/base/memory.h"
#include "work/base/clock.h"

struct broker_waiter *
waiter_new (struct waiter_list *list, const struct broker_question *question, broker_done_fn done,
            void *data)
{
    struct broker_waiter *waiter = memory_new (1, sizeof *waiter);

    waiter->list = list;
    waiter->threshold = question->target.threshold;
    waiter->since = clock_now ();
    waiter->hops = question->hops;
    waiter->ahead = question->ahead;
    waiter->done = done;
    waiter->data = data;
    TAILQ_INSERT_TAIL (list, waiter, link);
    return waiter;
}

static void
take_out (struct broker_waiter *waiter)
{
    TAILQ_REMOVE (waiter->list, waiter, link);
    if (waiter->deadline != NULL) {
        event_free (waiter->deadline);
        waiter->deadline = NULL;
    }
}

void
waiter_answer (struct broker_waiter *waiter, const struct broker_answer *answer,
               struct waiter_list *list)
{
    take_out (waiter);
    waiter->search = NULL;
    waiter->answer = *answer;
    waiter->list = list;
    TAILQ_INSERT_TAIL (list, waiter, link);
}

void
waiter_call_back (struct broker_waiter *waiter, struct metrics *metrics)
{
    struct broker_answer answer = waiter->answer;
    broker_done_fn done = waiter->done;
    void *data = waiter->data;

    answer.seconds = clock_seconds (clock_now () - waiter->since);
    if (metrics != NULL && answer.outcome == BROKER_FOUND && !waiter->ahead) {
        metrics_work (metrics, answer.by, answer.seconds);
    }
    waiter_free (waiter);
    done (data, &answer);
}

void
waiter_free (struct broker_waiter *waiter)
{
    take_out (waiter);
    free (waiter);
}
