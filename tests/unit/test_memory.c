/*
 * Memory that runs out: each call of memory.h ends the process, which here is a child, with its
 * line and its status. The linker has the C library's calls fail when they are told to (--wrap).
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/base/memory.h"
#include "rpc/base/rpc_log.h"

#define LINE "Out of memory: the process ends\n"

static bool failing;

void *__real_calloc (size_t count, size_t size);
void *__real_reallocarray (void *old, size_t count, size_t size);
char *__real_strdup (const char *text);
void *__wrap_calloc (size_t count, size_t size);
void *__wrap_reallocarray (void *old, size_t count, size_t size);
char *__wrap_strdup (const char *text);

void *
__wrap_calloc (size_t count, size_t size)
{
    return failing ? NULL : __real_calloc (count, size);
}

void *
__wrap_reallocarray (void *old, size_t count, size_t size)
{
    return failing ? NULL : __real_reallocarray (old, count, size);
}

char *
__wrap_strdup (const char *text)
{
    return failing ? NULL : __real_strdup (text);
}

static void
say (const char *text)
{
    dprintf (STDOUT_FILENO, "%s\n", text);
}

/* What a child says that runs `act`, and how it ends; without memory from then on. */
static int
run (void (*act) (void), char said[256])
{
    size_t length = 0;
    ssize_t count;
    int ends[2];
    int status;
    pid_t child;

    assert_int_equal (pipe (ends), 0);
    child = fork ();
    assert_true (child >= 0);
    if (child == 0) {
        (void)dup2 (ends[1], STDOUT_FILENO);
        rpc_log_set_writer (say);
        failing = true;
        act ();
        _exit (0);
    }
    (void)close (ends[1]);
    while ((count = read (ends[0], said + length, 255 - length)) > 0) {
        length += (size_t)count;
    }
    said[length] = '\0';
    (void)close (ends[0]);
    assert_int_equal (waitpid (child, &status, 0), child);
    assert_true (WIFEXITED (status));
    return WEXITSTATUS (status);
}

static void
assert_ends (void (*act) (void))
{
    char said[256];

    assert_int_equal (run (act, said), EXIT_FAILURE);
    assert_string_equal (said, LINE);
}

static void
get_new (void)
{
    free (memory_new (3, 5));
}

static void
get_more (void)
{
    free (memory_resize (NULL, 3, 5));
}

static void
get_text (void)
{
    free (memory_text ("text"));
}

static void
need_none (void)
{
    (void)memory_need (NULL);
}

static void
require_none (void)
{
    memory_require (false);
}

static void
get_buffer (void)
{
    memory_own_libraries ();
    evbuffer_free (evbuffer_new ());
}

static void
get_json (void)
{
    memory_own_libraries ();
    json_decref (json_string ("text"));
}

static void
test_each_ends (void **state)
{
    static void (*const acts[]) (void) = {
        get_new, get_more, get_text, need_none, require_none, memory_end, get_buffer, get_json,
    };

    (void)state;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        assert_ends (acts[i]);
    }
}

static void
end_with_7 (void)
{
    say ("hook");
    _exit (7);
}

static void
end_hooked (void)
{
    memory_set_hook (end_with_7);
    memory_end ();
}

static void
end_unhooked (void)
{
    memory_set_hook (end_with_7);
    memory_set_hook (NULL);
    memory_end ();
}

static void
test_hook (void **state)
{
    char said[256];

    (void)state;
    assert_int_equal (run (end_hooked, said), 7);
    assert_string_equal (said, LINE "hook\n");
    assert_ends (end_unhooked);
}

static void
test_what_is_there (void **state)
{
    char *copy = memory_text ("text");
    uint8_t *bytes = memory_new (3, 5);

    (void)state;
    assert_string_equal (copy, "text");
    assert_null (memory_text (NULL));
    for (size_t i = 0; i < 15; i++) {
        assert_int_equal (bytes[i], 0);
    }
    bytes[14] = 9;
    bytes = memory_resize (bytes, 6, 5);
    assert_int_equal (bytes[14], 9);
    assert_ptr_equal (memory_need (copy), copy);
    memory_require (true);
    free (bytes);
    free (copy);
}

/* None of something is something: NULL is only ever a failure. */
static void
test_nothing_is_something (void **state)
{
    void *none = memory_new (0, 8);

    (void)state;
    none = memory_resize (none, 0, 0);
    free (none);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_each_ends),
        cmocka_unit_test (test_hook),
        cmocka_unit_test (test_what_is_there),
        cmocka_unit_test (test_nothing_is_something),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
