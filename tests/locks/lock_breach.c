/*
 * Breaks the rule for locks in the way that its argument names: what tests/locks/locks.sh sees
 * lock_rule.c catch. With "none" it keeps the rule, and ends with 0.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static int changed;

static void
nest (void)
{
    pthread_mutex_lock (&first);
    pthread_mutex_lock (&second);
    pthread_mutex_unlock (&second);
    pthread_mutex_unlock (&first);
}

static void
try_second (void)
{
    pthread_mutex_lock (&first);
    if (pthread_mutex_trylock (&second) == 0) {
        pthread_mutex_unlock (&second);
    }
    pthread_mutex_unlock (&first);
}

static void
lock_twice (void)
{
    pthread_mutex_lock (&first);
    pthread_mutex_lock (&first);
}

static void *
give_back (void *data)
{
    pthread_mutex_unlock (data);
    return NULL;
}

static void
give_back_elsewhere (void)
{
    pthread_t thread;

    pthread_mutex_lock (&first);
    if (pthread_create (&thread, NULL, give_back, &first) == 0) {
        (void)pthread_join (thread, NULL);
    }
}

static void *
change_it (void *data)
{
    (void)data;
    pthread_mutex_lock (&first);
    changed = 1;
    pthread_cond_signal (&change);
    pthread_mutex_unlock (&first);
    return NULL;
}

/* One after the other, and a wait. */
static void
keep (void)
{
    pthread_t thread;

    pthread_mutex_lock (&first);
    if (pthread_create (&thread, NULL, change_it, NULL) != 0) {
        exit (1);
    }
    while (!changed) {
        pthread_cond_wait (&change, &first);
    }
    pthread_mutex_unlock (&first);
    (void)pthread_join (thread, NULL);
    pthread_mutex_lock (&second);
    pthread_mutex_unlock (&second);
}

int
main (int count, char **arguments)
{
    static const struct {
        const char *name;
        void (*run) (void);
    } ways[] = {
        {"none", keep},
        {"nested", nest},
        {"tried", try_second},
        {"twice", lock_twice},
        {"elsewhere", give_back_elsewhere},
    };

    for (size_t i = 0; count == 2 && i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp (arguments[1], ways[i].name) == 0) {
            ways[i].run ();
            return 0;
        }
    }
    (void)fprintf (stderr, "usage: lock_breach none|nested|tried|twice|elsewhere\n");
    return 2;
}
