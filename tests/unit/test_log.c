/*
 * The log: what a line looks like, what is held back, and that a reader who is slow, stopped or
 * gone costs nothing but lines. Each test reads the log through a pipe of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "node/base/log.h"

enum { STAMP_LENGTH = sizeof "2026-11-21T00:12:34.567Z" - 1, TEXT_MAX = 2000 };

struct reader {
    int fds[2];
    char text[1 << 18]; /* more than a pipe holds */
};

static struct reader reader;

static int
set_up (void **state)
{
    (void)state;
    if (pipe (reader.fds) != 0 || fcntl (reader.fds[0], F_SETFL, O_NONBLOCK) != 0) {
        return -1;
    }
    log_set_fd (reader.fds[1], LOG_FORMAT_HUMAN, false);
    log_set_level (LOG_LEVEL_INFO);
    log_set_repeat_time (UINT64_MAX);
    return 0;
}

static int
tear_down (void **state)
{
    (void)state;
    log_set_fd (STDERR_FILENO, LOG_FORMAT_HUMAN, false);
    if (reader.fds[0] >= 0) {
        (void)close (reader.fds[0]);
    }
    return close (reader.fds[1]);
}

/* Everything that is in the pipe. */
static const char *
read_all (void)
{
    size_t length = 0;
    ssize_t got;

    while ((got = read (reader.fds[0], reader.text + length, sizeof reader.text - 1 - length)) >
           0) {
        length += (size_t)got;
    }
    assert_int_equal (got, -1);
    assert_int_equal (errno, EAGAIN);
    reader.text[length] = '\0';
    return reader.text;
}

/* Fills the pipe to the last byte with 'x'; the log's end of it blocks again afterwards. */
static size_t
fill_pipe (void)
{
    static char block[4096];
    size_t filled = 0;

    memset (block, 'x', sizeof block);
    assert_int_equal (fcntl (reader.fds[1], F_SETFL, O_NONBLOCK), 0);
    for (size_t size = sizeof block; size > 0; size /= 2) {
        ssize_t written;

        while ((written = write (reader.fds[1], block, size)) > 0) {
            filled += (size_t)written;
        }
    }
    assert_int_equal (fcntl (reader.fds[1], F_SETFL, 0), 0);
    return filled;
}

static void
assert_stamp (const char *line)
{
    static const char pattern[] = "dddd-dd-ddTdd:dd:dd.dddZ ";

    for (size_t i = 0; pattern[i] != '\0'; i++) {
        if (pattern[i] == 'd') {
            assert_in_range (line[i], '0', '9');
        } else {
            assert_int_equal (line[i], pattern[i]);
        }
    }
}

/* That `text` is exactly these lines, up to NULL, each after its time. */
static void
assert_lines (const char *text, ...)
{
    va_list lines;
    const char *line;

    va_start (lines, text);
    while ((line = va_arg (lines, const char *)) != NULL) {
        assert_stamp (text);
        text += STAMP_LENGTH + 1;
        assert_int_equal (strncmp (text, line, strlen (line)), 0);
        text += strlen (line);
        assert_int_equal (*text, '\n');
        text++;
    }
    va_end (lines);
    assert_string_equal (text, "");
}

static void
test_lines_and_levels (void **state)
{
    (void)state;
    log_set_level (LOG_LEVEL_DEBUG);
    log_debug ("%d", 1);
    log_info ("two %s", "words");
    log_warn ("three");
    log_error ("%s", "");
    assert_lines (read_all (), "debug 1", "info two words", "warn three", "error ", NULL);
}

static void
test_lower_levels_are_not_written (void **state)
{
    (void)state;
    log_debug ("not this");
    log_set_level (LOG_LEVEL_WARN);
    log_info ("nor this");
    log_warn ("this");
    log_set_level (LOG_LEVEL_OFF);
    log_error ("nor this");
    assert_lines (read_all (), "warn this", NULL);
}

static void
test_nobody_forges_a_line (void **state)
{
    (void)state;
    log_info ("%s", "a\n2026-01-01T00:00:00.000Z error b\r\x1b[2J\x7f\xc2\x9b\t\\");
    assert_lines (read_all (),
                  "info a\\x0a2026-01-01T00:00:00.000Z error b\\x0d\\x1b[2J\\x7f\\xc2\\x9b\\x09\\",
                  NULL);
}

/* Logs a text of `count` times `c` and expects `text` of it in the log. */
static void
expect_long (char c, size_t count, const char *text)
{
    char message[4 * TEXT_MAX];
    char expected[sizeof "info " + 2 * TEXT_MAX];

    assert_true (count < sizeof message);
    memset (message, c, count);
    message[count] = '\0';
    (void)snprintf (expected, sizeof expected, "info %s", text);
    log_set_fd (reader.fds[1], LOG_FORMAT_HUMAN,
                false); /* or it could repeat what was cut like it */
    log_info ("%s", message);
    assert_lines (read_all (), expected, NULL);
}

static void
test_long_lines_are_cut (void **state)
{
    char text[TEXT_MAX + sizeof "..."];

    (void)state;
    memset (text, 'a', TEXT_MAX);
    text[TEXT_MAX] = '\0';
    expect_long ('a', TEXT_MAX, text);
    memcpy (text + TEXT_MAX, "...", sizeof "...");
    expect_long ('a', TEXT_MAX + 1, text);
    expect_long ('a', 3 * TEXT_MAX, text);

    for (size_t i = 0; i < TEXT_MAX; i += 4) {
        memcpy (text + i, "\\x01", 4); /* never cut within */
    }
    expect_long ('\x01', TEXT_MAX, text);
}

static void
test_errno_is_preserved (void **state)
{
    (void)state;
    errno = ENOENT;
    log_info ("%m");
    assert_int_equal (errno, ENOENT);
    log_debug ("not written");
    assert_int_equal (errno, ENOENT);
    log_flush ();
    assert_int_equal (errno, ENOENT);
    assert_lines (read_all (), "info No such file or directory", NULL);

    log_set_fd (-1, LOG_FORMAT_HUMAN, false);
    errno = ENOENT;
    log_info ("to nowhere");
    assert_int_equal (errno, ENOENT);
}

static void
test_repeats_are_gathered (void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        log_info ("same");
    }
    assert_lines (read_all (), "info same", NULL);
    log_warn ("same");
    assert_lines (read_all (), "info last message repeated 4 times", "warn same", NULL);
    log_info ("same");
    log_info ("same");
    log_flush ();
    assert_lines (read_all (), "info same", "info last message repeated 1 times", NULL);
    log_flush ();
    assert_lines (read_all (), NULL);
    log_info ("same");
    log_info ("other");
    assert_lines (read_all (), "info last message repeated 1 times", "info other", NULL);
}

static void
test_repeats_are_reported_in_time (void **state)
{
    (void)state;
    log_info ("same");
    log_info ("same");
    assert_lines (read_all (), "info same", NULL);
    log_set_repeat_time (0);
    log_info ("same");
    assert_lines (read_all (), "info last message repeated 2 times", NULL);
    log_info ("same");
    assert_lines (read_all (), "info last message repeated 1 times", NULL);
}

static void
test_full_pipe_does_not_block (void **state)
{
    const size_t filled = fill_pipe ();

    (void)state;
    (void)alarm (30); /* kills a test that blocks */
    for (int i = 0; i < 1000; i++) {
        log_info ("line %d", i);
    }
    log_info ("line 999"); /* repeats nothing that anybody saw */
    log_flush ();
    (void)alarm (0);
    assert_int_equal (strlen (read_all ()), filled);

    log_error ("room again");
    assert_lines (read_all (), "warn dropped lines: 1001", "error room again", NULL);
    log_error ("and on");
    assert_lines (read_all (), "error and on", NULL);
}

static void
test_drops_are_reported_by_a_flush (void **state)
{
    (void)state;
    (void)fill_pipe ();
    log_info ("dropped");
    (void)read_all ();
    log_flush ();
    assert_lines (read_all (), "warn dropped lines: 1", NULL);
}

static void
test_repeats_that_are_dropped_are_counted (void **state)
{
    (void)state;
    log_info ("same");
    log_info ("same");
    log_info ("same");
    (void)read_all ();
    (void)fill_pipe ();
    log_info ("other");
    (void)read_all ();
    log_info ("other");
    assert_lines (read_all (), "warn dropped lines: 3", "info other", NULL);
}

static void
test_almost_full_pipe_takes_whole_lines (void **state)
{
    size_t filled = 0;
    size_t lines = 0;

    (void)state;
    (void)alarm (30);
    for (int i = 0; i < 5000; i++) {
        log_info ("a line of some length that does not divide a page, number %d", i);
    }
    (void)alarm (0);
    const char *text = read_all ();

    for (; *text != '\0'; text += strcspn (text, "\n") + 1) {
        assert_stamp (text);
        lines++;
        filled += strcspn (text, "\n") + 1;
    }
    assert_true (lines > 0 && lines < 5000);
    assert_int_equal (filled, strlen (reader.text));
    log_info ("last");
    char dropped[64];

    (void)snprintf (dropped, sizeof dropped, "warn dropped lines: %zu", 5000 - lines);
    assert_lines (read_all (), dropped, "info last", NULL);
}

static void
close_reader (void)
{
    assert_int_equal (close (reader.fds[0]), 0);
    reader.fds[0] = -1;
}

static void
test_closed_reader (void **state)
{
    (void)state;
    close_reader ();
    log_info ("to nobody");
    log_info ("to nobody");
    log_flush ();
}

/* Returns NULL when all went well: an assertion must not leave this thread. */
static void *
read_and_leave (void *argument)
{
    char byte;
    const bool well = fcntl (reader.fds[0], F_SETFL, 0) == 0 &&
                      read (reader.fds[0], &byte, 1) == 1 && close (reader.fds[0]) == 0;

    return well ? NULL : argument;
}

/* A reader that leaves while lines are being written, again and again. */
static void
test_reader_leaves_while_writing (void **state)
{
    for (int round = 0; round < 200; round++) {
        pthread_t thread;
        void *failed = NULL;

        assert_int_equal (pthread_create (&thread, NULL, read_and_leave, &reader), 0);
        for (int i = 0; i < 50; i++) {
            log_info ("round %d line %d", round, i);
        }
        assert_int_equal (pthread_join (thread, &failed), 0);
        assert_null (failed);
        reader.fds[0] = -1;
        assert_int_equal (tear_down (state), 0);
        assert_int_equal (set_up (state), 0);
    }
}

static void
test_reader_comes_back (void **state)
{
    static char path[] = "/tmp/workpeer-log-XXXXXX";
    char fifo[sizeof path + sizeof "/fifo"];

    (void)state;
    assert_non_null (mkdtemp (path));
    (void)snprintf (fifo, sizeof fifo, "%s/fifo", path);
    assert_int_equal (mkfifo (fifo, 0600), 0);
    const int first = open (fifo, O_RDONLY | O_NONBLOCK);
    const int writer = open (fifo, O_WRONLY);

    assert_true (first >= 0 && writer >= 0);
    log_set_fd (writer, LOG_FORMAT_HUMAN, false);
    assert_int_equal (close (first), 0);
    log_info ("one");
    log_info ("two");

    const int kept = reader.fds[0];

    reader.fds[0] = open (fifo, O_RDONLY | O_NONBLOCK);
    assert_true (reader.fds[0] >= 0);
    log_info ("three");
    log_set_fd (reader.fds[1], LOG_FORMAT_HUMAN, false);
    assert_int_equal (close (writer), 0);

    char text[256] = "";

    assert_true (read (reader.fds[0], text, sizeof text - 1) > 0);
    assert_lines (text, "warn dropped lines: 2", "info three", NULL);
    assert_int_equal (close (reader.fds[0]), 0);
    reader.fds[0] = kept;
    assert_int_equal (unlink (fifo), 0);
    assert_int_equal (rmdir (path), 0);
}

/* The JSON object that the first line of `text` is, the caller's; `*text` moves behind the line. */
static json_t *
take_object (const char **text)
{
    const size_t length = strcspn (*text, "\n");
    json_t *const object = json_loadb (*text, length, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null (object);
    assert_int_equal ((*text)[length], '\n');
    *text += length + 1;
    return object;
}

static void
assert_member (const json_t *object, const char *key, const char *value)
{
    const json_t *const member = json_object_get (object, key);

    assert_non_null (member);
    assert_string_equal (json_string_value (member), value);
}

/* That the line at `*text` is JSON with these, and so many members beside the time. */
static void
assert_object (const char **text, const char *level, const char *message, size_t members)
{
    json_t *const object = take_object (text);
    const char *const time = json_string_value (json_object_get (object, "time"));
    char stamp[STAMP_LENGTH + 2] = "";

    assert_non_null (time);
    assert_int_equal (strlen (time), STAMP_LENGTH);
    (void)snprintf (stamp, sizeof stamp, "%s ", time);
    assert_stamp (stamp);
    assert_member (object, "level", level);
    assert_member (object, "message", message);
    assert_int_equal (json_object_size (object), members + 1);
    json_decref (object);
}

static void
test_json_lines (void **state)
{
    const char *text;

    (void)state;
    log_set_fd (reader.fds[1], LOG_FORMAT_JSON, false);
    log_warn ("%s", "say \"a\\b\"\n\t\x01\xc3\xbc\xff\xed\xa0\x80\x7f end");
    text = read_all ();
    assert_object (&text, "warn",
                   "say \"a\\b\"\\x0a\\x09\\x01\\xc3\\xbc\\xff\\xed\\xa0\\x80\\x7f end", 2);
    assert_string_equal (text, "");
}

static void
test_json_reports (void **state)
{
    const char *text;
    json_t *object;

    (void)state;
    log_set_fd (reader.fds[1], LOG_FORMAT_JSON, false);
    log_info ("same");
    log_info ("same");
    log_info ("same");
    (void)read_all ();
    (void)fill_pipe ();
    log_info ("other");
    (void)read_all ();
    log_error ("again");
    log_error ("again");
    log_flush ();
    text = read_all ();
    object = take_object (&text);
    assert_member (object, "message", "dropped lines: 3");
    assert_int_equal (json_integer_value (json_object_get (object, "dropped")), 3);
    json_decref (object);
    assert_object (&text, "error", "again", 2);
    object = take_object (&text);
    assert_member (object, "level", "error");
    assert_member (object, "message", "last message repeated 1 times");
    assert_int_equal (json_integer_value (json_object_get (object, "repeated")), 1);
    json_decref (object);
    assert_string_equal (text, "");
}

/* Whatever is logged, each line is JSON, is one write of a pipe's, and says the same as a human's.
 */
static void
test_any_bytes_are_json (void **state)
{
    unsigned seed = 1;

    (void)state;
    for (int round = 0; round < 400; round++) {
        char raw[3 * TEXT_MAX] = "";
        const size_t length = (size_t)rand_r (&seed) % sizeof raw;

        for (size_t i = 0; i + 1 < length; i++) {
            raw[i] = (char)(round % 4 == 0 ? "\"\\"[rand_r (&seed) % 2] : 1 + rand_r (&seed) % 255);
        }
        log_set_fd (reader.fds[1], LOG_FORMAT_HUMAN, false);
        log_info ("%s", raw);
        char *const human = strdup (read_all () + STAMP_LENGTH + strlen (" info "));

        assert_non_null (human);
        human[strcspn (human, "\n")] = '\0';
        log_set_fd (reader.fds[1], LOG_FORMAT_JSON, round % 2);
        log_info ("%s", raw);

        const char *text = read_all ();

        assert_in_range (strlen (text), 1, 4096);
        text += round % 2 ? strlen ("<6>") : 0;

        json_t *const object = take_object (&text);
        const char *const message = json_string_value (json_object_get (object, "message"));
        const size_t said = strlen (message);
        const bool cut = said < strlen (human);

        assert_true (!cut || (said > TEXT_MAX / 2 && strcmp (message + said - 3, "...") == 0));
        assert_memory_equal (message, human, cut ? said - 3 : said);
        json_decref (object);
        free (human);
    }
}

static void
test_journal_lines (void **state)
{
    (void)state;
    log_set_level (LOG_LEVEL_DEBUG);
    log_set_fd (reader.fds[1], LOG_FORMAT_HUMAN, true);
    log_debug ("one");
    log_info ("two");
    log_warn ("three\n<0>four");
    log_error ("five");
    log_error ("five");
    log_flush ();
    assert_string_equal (read_all (), "<7>one\n<6>two\n<4>three\\x0a<0>four\n<3>five\n"
                                      "<3>last message repeated 1 times\n");
}

static void
test_journal_is_recognised (void **state)
{
    struct stat status;
    char stream[64];

    (void)state;
    assert_int_equal (fstat (reader.fds[1], &status), 0);
    (void)snprintf (stream, sizeof stream, "%ju:%ju", (uintmax_t)status.st_dev,
                    (uintmax_t)status.st_ino);
    assert_int_equal (unsetenv ("JOURNAL_STREAM"), 0);
    assert_false (log_is_journal (reader.fds[1]));
    assert_int_equal (setenv ("JOURNAL_STREAM", stream, 1), 0);
    assert_true (log_is_journal (reader.fds[1]));
    assert_false (log_is_journal (-1));
    (void)snprintf (stream, sizeof stream, "%ju:%ju1", (uintmax_t)status.st_dev,
                    (uintmax_t)status.st_ino);
    assert_int_equal (setenv ("JOURNAL_STREAM", stream, 1), 0);
    assert_false (log_is_journal (reader.fds[1]));
    assert_int_equal (unsetenv ("JOURNAL_STREAM"), 0);
}

/* A directory of the test's own with a log file in it, which is to be made. */
static char file_directory[] = "/tmp/workpeer-log-XXXXXX";
static char file_path[sizeof file_directory + sizeof "/log.1"];

static int
set_up_file (void **state)
{
    memset (file_directory + strlen (file_directory) - 6, 'X', 6);
    if (mkdtemp (file_directory) == NULL) {
        return -1;
    }
    (void)snprintf (file_path, sizeof file_path, "%s/log", file_directory);
    return set_up (state);
}

static int
tear_down_file (void **state)
{
    char moved[sizeof file_path + 2];

    (void)snprintf (moved, sizeof moved, "%s.1", file_path);
    (void)unlink (file_path);
    (void)unlink (moved);
    return tear_down (state) != 0 || rmdir (file_directory) != 0 ? -1 : 0;
}

static void
read_file (const char *path, char *text, size_t size)
{
    FILE *const file = fopen (path, "r");

    assert_non_null (file);
    text[fread (text, 1, size - 1, file)] = '\0';
    assert_int_equal (fclose (file), 0);
}

static void
test_file (void **state)
{
    const struct log_settings settings = {.level = LOG_LEVEL_WARN, .file = file_path};
    char moved[sizeof file_path + 2];
    char error[256] = "";
    char text[512];
    struct stat status;
    const mode_t before = umask (0);

    (void)state;
    log_info ("one");
    log_info ("one");
    assert_int_equal (log_configure (&settings, error, sizeof error), 0);
    (void)umask (before);
    assert_lines (read_all (), "info one", "info last message repeated 1 times", NULL);
    log_info ("not this");
    log_warn ("two");
    log_warn ("two");
    assert_string_equal (read_all (), "");
    assert_int_equal (stat (file_path, &status), 0);
    assert_int_equal (status.st_mode & 0777, 0640);

    (void)snprintf (moved, sizeof moved, "%s.1", file_path);
    assert_int_equal (rename (file_path, moved), 0);
    assert_int_equal (log_reopen (), 0);
    log_warn ("two");
    read_file (moved, text, sizeof text);
    assert_lines (text, "warn two", "warn last message repeated 1 times", NULL);
    read_file (file_path, text, sizeof text);
    assert_lines (text, "warn two", NULL);

    /* It is appended to. */
    assert_int_equal (log_configure (&settings, error, sizeof error), 0);
    log_error ("three");
    read_file (file_path, text, sizeof text);
    assert_lines (text, "warn two", "error three", NULL);
}

static void
test_file_that_cannot_be_opened (void **state)
{
    const struct log_settings good = {.file = file_path};
    const struct log_settings bad = {
        .level = LOG_LEVEL_OFF, .format = LOG_FORMAT_JSON, .file = (char[]){"/nowhere/log"}};
    char error[256] = "";
    char text[512];

    (void)state;
    assert_int_equal (log_reopen (), 0); /* nothing to do */
    assert_int_equal (log_configure (&bad, error, sizeof error), -1);
    assert_string_equal (error, "cannot open the log file /nowhere/log: No such file or directory "
                                "(log.file)");
    log_info ("as before");
    assert_lines (read_all (), "info as before", NULL);

    assert_int_equal (log_configure (&good, error, sizeof error), 0);
    assert_int_equal (unlink (file_path), 0);
    assert_int_equal (mkdir (file_path, 0700), 0);
    assert_int_equal (log_reopen (), -1);
    log_info ("into the old one");
    assert_int_equal (rmdir (file_path), 0);
    assert_int_equal (log_reopen (), 0);
    log_info ("new");
    read_file (file_path, text, sizeof text);
    assert_lines (text, "info new", NULL);
}

/* Lines that fit on no disk are counted and do not stop anything. */
static void
test_full_disk (void **state)
{
    const struct log_settings settings = {.file = (char[]){"/dev/full"}};
    const struct log_settings good = {.file = file_path};
    char error[256] = "";
    char text[512];

    (void)state;
    if (log_configure (&settings, error, sizeof error) != 0) {
        skip ();
    }
    log_info ("one");
    log_info ("two");
    assert_int_equal (log_configure (&good, error, sizeof error), 0);
    log_info ("three");
    read_file (file_path, text, sizeof text);
    assert_lines (text, "warn dropped lines: 2", "info three", NULL);
}

enum { THREADS = 2, LINES_EACH = 200 };

static void *
log_many (void *argument)
{
    const char *const name = argument;

    for (int i = 0; i < LINES_EACH; i++) {
        log_info ("%s %d", name, i);
    }
    return NULL;
}

/* Each thread's lines are whole and in its order. */
static void
test_two_threads (void **state)
{
    static char names[THREADS][8] = {"left", "right"};
    pthread_t threads[THREADS];
    int next[THREADS] = {0};

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal (pthread_create (&threads[i], NULL, log_many, names[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal (pthread_join (threads[i], NULL), 0);
    }
    for (const char *line = read_all (); *line != '\0'; line += strcspn (line, "\n") + 1) {
        const char *const text = line + STAMP_LENGTH + sizeof " info";
        const int thread = text[0] == 'l' ? 0 : 1;
        char expected[32];

        assert_stamp (line);
        (void)snprintf (expected, sizeof expected, "%s %d\n", names[thread], next[thread]++);
        assert_int_equal (strncmp (text, expected, strlen (expected)), 0);
    }
    assert_int_equal (next[0], LINES_EACH);
    assert_int_equal (next[1], LINES_EACH);
}

/* Lines that come while the file is opened again are in one of the two, whole. */
static void
test_reopening_while_logging (void **state)
{
    static char name[] = "other";
    const struct log_settings settings = {.file = file_path};
    char error[256] = "";
    pthread_t thread;
    size_t lines = 0;
    char moved[sizeof file_path + 2];

    (void)state;
    (void)snprintf (moved, sizeof moved, "%s.1", file_path);
    assert_int_equal (log_configure (&settings, error, sizeof error), 0);
    assert_int_equal (pthread_create (&thread, NULL, log_many, name), 0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal (log_reopen (), 0);
    }
    assert_int_equal (rename (file_path, moved), 0);
    assert_int_equal (log_reopen (), 0);
    assert_int_equal (pthread_join (thread, NULL), 0);
    for (int file = 0; file < 2; file++) {
        read_file (file == 0 ? moved : file_path, reader.text, sizeof reader.text);
        for (const char *line = reader.text; *line != '\0'; line += strcspn (line, "\n") + 1) {
            assert_stamp (line);
            lines++;
        }
    }
    assert_int_equal (lines, LINES_EACH);
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown (test, set_up_file, tear_down_file)
#define LOG_TEST(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST (test_lines_and_levels),
        LOG_TEST (test_lower_levels_are_not_written),
        LOG_TEST (test_nobody_forges_a_line),
        LOG_TEST (test_long_lines_are_cut),
        LOG_TEST (test_errno_is_preserved),
        LOG_TEST (test_repeats_are_gathered),
        LOG_TEST (test_repeats_are_reported_in_time),
        LOG_TEST (test_full_pipe_does_not_block),
        LOG_TEST (test_drops_are_reported_by_a_flush),
        LOG_TEST (test_repeats_that_are_dropped_are_counted),
        LOG_TEST (test_almost_full_pipe_takes_whole_lines),
        LOG_TEST (test_closed_reader),
        LOG_TEST (test_reader_leaves_while_writing),
        LOG_TEST (test_reader_comes_back),
        LOG_TEST (test_two_threads),
        LOG_TEST (test_json_lines),
        LOG_TEST (test_json_reports),
        LOG_TEST (test_any_bytes_are_json),
        LOG_TEST (test_journal_lines),
        LOG_TEST (test_journal_is_recognised),
        FILE_TEST (test_file),
        FILE_TEST (test_file_that_cannot_be_opened),
        FILE_TEST (test_full_disk),
        FILE_TEST (test_reopening_while_logging),
    };

    (void)signal (SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests (tests, NULL, NULL);
}
