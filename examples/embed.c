/*
 * A node's use of libworkpeer: two works at once, one of them no longer wanted.
 *
 *     cc embed.c $(pkg-config --cflags --libs libworkpeer)
 */
#include <inttypes.h>
#include <stdio.h>
#include <workpeer.h>

#define RECEIVE_THRESHOLD UINT64_C (0xfffffe0000000000)
#define OUT_OF_REACH UINT64_MAX

static void
on_work (void *data, const struct workpeer_answer *answer)
{
    int *answers = data;

    (*answers)++;
    if (answer->outcome == WORKPEER_FOUND) {
        printf ("work %016" PRIx64 " reaches %016" PRIx64 " after %.3f s\n", answer->work,
                answer->value, answer->seconds);
    } else {
        printf ("cancelled after %.3f s\n", answer->seconds);
    }
}

int
main (void)
{
    enum workpeer_error error;
    struct workpeer *peer = workpeer_new (&(struct workpeer_settings){0}, &error);
    uint64_t unwanted;
    int answers = 0;
    struct workpeer_request request = {{0x71, 0x8c}, RECEIVE_THRESHOLD, on_work, &answers};
    struct workpeer_request endless = {{0xdd, 0xda}, OUT_OF_REACH, on_work, &answers};

    if (peer == NULL || workpeer_submit (peer, &request, NULL) != WORKPEER_OK ||
        workpeer_submit (peer, &endless, &unwanted) != WORKPEER_OK) {
        fprintf (stderr, "embed: %s\n", workpeer_error_text (error));
        return 1;
    }
    while (answers < 2 && workpeer_wait (peer, 60000) == 0) {
        workpeer_cancel (peer, unwanted);
    }
    workpeer_free (peer);
    return answers == 2 ? 0 : 1;
}
