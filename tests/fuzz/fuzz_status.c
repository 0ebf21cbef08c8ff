/*
 * A daemon's status as the terminal shows it: whatever the daemon says, and however wide the
 * terminal is, it comes out as lines of text with nothing in them that the terminal would obey.
 *
 * The first byte is the width, the rest the answer.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "node/cli/status_view.h"

/* Neither C0 nor, in UTF-8, C1 controls. */
static void
check_text (const char *text, size_t length)
{
    FUZZ_CHECK (length == 0 || text[length - 1] == '\n');
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];

        FUZZ_CHECK ((c >= ' ' || c == '\n') && c != 0x7f);
        FUZZ_CHECK (c != 0xc2 || (unsigned char)text[i + 1] >= 0xa0);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *said = NULL;
    size_t length = 0;
    json_t *status;
    FILE *stream;

    if (size == 0) {
        return 0;
    }
    status = json_loadb ((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object (status)) {
        stream = open_memstream (&said, &length);
        FUZZ_CHECK (stream != NULL);
        status_view_print (status, "http://127.0.0.1:7000/", data[0], stream);
        FUZZ_CHECK (fclose (stream) == 0);
        check_text (said, length);
        free (said);
    }
    json_decref (status);
    return 0;
}
